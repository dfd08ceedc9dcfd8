"""When a DAG run is for: the two clocks of a run and its schedule, from what Airflow knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.sdk import Asset, CronDataIntervalTimetable, Param, conf

from keyaccounts.errors import ConfigurationError
from keyaccounts.settings import PROJECT_ROOT, Run, Settings, business_date, load_settings

if TYPE_CHECKING:
    from airflow.sdk import Context

PUBLISHED = Asset("key_accounts_published")
"""Its event says that readers see a new version, and for which day."""

MARTS = [
    Asset(f"keyaccounts_{mart}", group="keyaccounts_mart")
    for mart in sorted(
        file.stem for file in (PROJECT_ROOT / "dbt_project" / "models" / "marts").glob("*/*.sql")
    )
]
"""One asset per published mart, for DAGs of others that wait for one of them."""

NIGHTLY_SCHEDULE = "30 2 * * *"
DELIVERY_SCHEDULE = "0 8-18 * * 1-5"
UPKEEP_SCHEDULE = "0 5 * * 0"
UNATTENDED = ("scheduled", "backfill")
"""A tuple: Airflow's enumeration equals these texts but does not hash like them."""


def run_params() -> dict[str, Param]:
    """Return the parameters that nightly and alerts share."""
    text = ["null", "string"]
    return {
        "as_of_date": Param(None, type=text, format="date", description="D; default: by schedule"),
        "notify": Param(True, type="boolean", description="off: new alerts are noted, not sent"),
        "wall_time": Param(None, type=text, description="ISO time of messages; default: now"),
    }


EXTRACT = "extract"
DEFAULT_POOL = "default_pool"


def extract_tasks() -> dict[str, str]:
    """Return the tasks that land entities, each with its pool of Airflow.

    A system that names a pool in `sources.yml` has a task of its own, for a mapped task has one
    pool; all others share one. A wrong file must not make the DAG vanish: its run names the fault.
    """
    systems = {mapping.system.name: mapping.system.pool for mapping in _mappings().values()}
    shared = {EXTRACT: DEFAULT_POOL} if None in systems.values() or not systems else {}
    return shared | {f"{EXTRACT}_{name}": pool for name, pool in systems.items() if pool}


def entities_of(task: str, entities: Iterable[str]) -> list[str]:
    """Return those of the entities that a task lands."""
    mappings = _mappings()

    def task_of(entity: str) -> str:
        mapping = mappings.get(entity)
        return f"{EXTRACT}_{mapping.system.name}" if mapping and mapping.system.pool else EXTRACT

    return [entity for entity in entities if task_of(entity) == task]


def _mappings() -> Mapping[str, Any]:
    try:
        sources = load_settings().sources
        if sources is None:
            return {}
        from keyaccounts.sources.config import load_sources

        return load_sources(sources).mappings
    except ConfigurationError:
        return {}


SOURCE_PARAMS = {
    "allow_empty": "entities whose rows, or most of them, are rightly gone at the source",
    "reload": "entities whose rows are all read again, though they are loaded incrementally",
}


def source_params() -> dict[str, Param]:
    """Return the parameters of an extraction: lists of entities of the contract."""
    return {
        name: Param([], type="array", items={"type": "string"}, description=text)
        for name, text in SOURCE_PARAMS.items()
    }


def business_timezone() -> str:
    """Return the business time zone; a wrong configuration must not make the DAGs vanish."""
    try:
        return load_settings().timezone
    except ConfigurationError:
        return Settings.timezone


def cron(option: str, default: str) -> CronDataIntervalTimetable | None:
    """Return the schedule of `AIRFLOW__KEYACCOUNTS__<OPTION>`, a cron line or `none`.

    Airflow's own default for a cron line has no data interval, and D needs its end (ruling 1).
    """
    line = conf.get("keyaccounts", option, fallback=default)
    return None if line == "none" else CronDataIntervalTimetable(line, timezone=business_timezone())


def resolve_run(
    params: Mapping[str, Any],
    timezone: str,
    *,
    run_type: str,
    run_after: datetime,
    logical_date: datetime | None = None,
    data_interval_end: datetime | None = None,
) -> dict[str, Any]:
    """Return `as_of_date`, `wall_time` and `notify` of a DAG run (rulings 1 and 2).

    A scheduled run and a backfill take D from the end of their interval, any other run from its
    logical or start time; a given date wins. A backfill never notifies. Raises ConfigurationError.
    """
    instant = data_interval_end if run_type in UNATTENDED else None
    as_of_date = business_date(instant or logical_date or run_after, timezone)
    facts = {
        "as_of_date": params.get("as_of_date") or as_of_date.isoformat(),
        "wall_time": params.get("wall_time"),
        "notify": bool(params.get("notify", True)) and run_type != "backfill",
    }
    as_run(facts, timezone)
    return facts


def run_facts(context: Context, timezone: str) -> dict[str, Any]:
    """Return `resolve_run` of the DAG run of a task."""
    dag_run = context["dag_run"]
    return resolve_run(
        context["params"],
        timezone,
        run_type=dag_run.run_type,
        run_after=dag_run.run_after,
        logical_date=dag_run.logical_date,
        data_interval_end=dag_run.data_interval_end,
    )


def as_run(facts: Mapping[str, Any], timezone: str) -> Run:
    """Return the run of such a dict; no wall time means now. Raises ConfigurationError."""
    try:
        as_of_date = date.fromisoformat(facts["as_of_date"])
        given = facts.get("wall_time")
        wall_time = datetime.fromisoformat(given) if given else datetime.now(UTC)
    except ValueError as error:
        raise ConfigurationError(f"as_of_date and wall_time must be ISO times: {error}") from error
    has_zone = wall_time.tzinfo is not None
    return Run(as_of_date, wall_time if has_zone else wall_time.replace(tzinfo=ZoneInfo(timezone)))
