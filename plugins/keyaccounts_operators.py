"""Operators: each hands its fields to one step function of `keyaccounts.nightly`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, BaseSensorOperator, PokeReturnValue
from airflow.sdk.exceptions import AirflowFailException

from keyaccounts.errors import CheckFailedError, KeyaccountsError, RunInProgressError
from keyaccounts.settings import Run, Settings, load_settings
from keyaccounts_runs import (
    EXTRACT,
    PUBLISHED,
    SOURCE_PARAMS,
    as_run,
    entities_of,
    extract_tasks,
    run_facts,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

FINAL = {2, 3, 4}
"""Exit codes that another try cannot mend: configuration, source, check."""
BI_CONNECTION = "keyaccounts_bi"
LOCK_PATIENCE_SECONDS = 120
STEPS = ("extract", "check_landing", "build", "check_marts", "publish")


class StepOperator(BaseOperator):
    """Runs `step` and says of an error whether another try can help."""

    template_fields: Sequence[str] = ("facts",)

    def __init__(self, *, facts: Any = None, **kwargs: Any) -> None:
        """Take the dict of `resolve_run` as `facts`."""
        super().__init__(**kwargs)
        self.facts = facts

    def execute(self, context: Context) -> Any:
        """Run the step; final errors fail the task at once, others are left to its retries."""
        with final_errors_fail():
            settings = load_settings()
            return patiently(lambda: self.step(settings, context), self.log.info)

    def step(self, settings: Settings, context: Context) -> Any:
        """Do the work; overridden."""
        raise NotImplementedError

    def run_of(self, settings: Settings) -> Run:
        """Return the run that the facts name."""
        return as_run(self.facts, settings.timezone)


@contextmanager
def final_errors_fail() -> Iterator[None]:
    """Turn errors that another try cannot mend into the one that Airflow does not retry."""
    try:
        yield
    except KeyaccountsError as error:
        if error.exit_code in FINAL:
            raise AirflowFailException(str(error)) from error
        raise


def patiently(step: Callable[[], Any], log: Callable[[str], None]) -> Any:
    """Call `step` again while another run holds the home, for two minutes; then give up."""
    from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

    waiting = Retrying(
        retry=retry_if_exception_type(RunInProgressError),
        wait=wait_fixed(2),
        stop=stop_after_delay(LOCK_PATIENCE_SECONDS),
        before_sleep=lambda state: log(f"waiting: {state.outcome.exception()}"),
        reraise=True,
    )
    return waiting(step)


class ResolveRunOperator(BaseSensorOperator):
    """Fixes the as-of date of the DAG run, once for all its tasks, when its turn has come.

    Airflow counts backfill runs apart from others, so `max_active_runs` does not keep them from
    building in one warehouse at a time; the claim on the home does.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Leave the worker while another run is under way."""
        super().__init__(mode="reschedule", **kwargs)

    def poke(self, context: Context) -> PokeReturnValue:
        """Return `as_of_date`, `wall_time` and `notify`, unless another run is under way."""
        with final_errors_fail():
            settings = load_settings()
            facts = run_facts(context, settings.timezone)
            holder = patiently(lambda: claim(settings, context, facts), self.log.info)
        if holder:
            self.log.info(f"waiting for {holder}")
            return PokeReturnValue(is_done=False)
        self.log.info(f"as of {facts['as_of_date']}, notify {facts['notify']}")
        return PokeReturnValue(is_done=True, xcom_value=facts)


class PlanExtractOperator(StepOperator):
    """Lists the entities that the source delivers and that one task is to land."""

    def __init__(self, *, extract: str = EXTRACT, **kwargs: Any) -> None:
        """Take the task that lands them."""
        super().__init__(**kwargs)
        self.extract = extract

    def step(self, settings: Settings, context: Context) -> list[str]:
        """Return their names."""
        from keyaccounts import nightly

        return entities_of(self.extract, nightly.planned_entities(settings))


class ExtractOperator(StepOperator):
    """Lands one entity; mapped over the plan."""

    template_fields = ("facts", "entity")

    def __init__(self, *, entity: str, **kwargs: Any) -> None:
        """Take the entity to land."""
        super().__init__(**kwargs)
        self.entity = entity

    def step(self, settings: Settings, context: Context) -> dict[str, Any]:
        """Return the counts of the load; each task reads its system in a state of its own."""
        from keyaccounts import nightly
        from keyaccounts.sources.connect import Systems
        from keyaccounts_connections import airflow_connection

        params = context["params"]
        told = nightly.Told(*(frozenset(params.get(key) or ()) for key in SOURCE_PARAMS))
        with Systems(airflow_connection) as systems:
            return nightly.extract(
                settings, self.run_of(settings), self.entity, self.log.info,
                systems=systems, told=told,
            )  # fmt: skip


class CheckLandingOperator(StepOperator):
    """Judges what has landed."""

    def step(self, settings: Settings, context: Context) -> dict[str, Any]:
        """Return the checks. Raises CheckFailedError when a planned entity was read by no task."""
        from keyaccounts import nightly
        from keyaccounts_reports import results_of

        landed = {load["entity"] for load in results_of(context["ti"], extract_tasks())}
        planned = nightly.planned_entities(settings, log=lambda line: None)
        if missing := [entity for entity in planned if entity not in landed]:
            raise CheckFailedError(
                f"{', '.join(missing)} was read by no task of this run: sources.yml changed while "
                "it was under way; trigger the DAG again"
            )
        return nightly.check_landing(settings, self.run_of(settings), self.log.info)


class BuildOperator(StepOperator):
    """Builds the warehouse; a second try goes on where the first one stopped."""

    def step(self, settings: Settings, context: Context) -> dict[str, Any]:
        """Return the models with status, seconds and rows."""
        from keyaccounts import nightly

        return nightly.build(settings, self.run_of(settings), self.log.info)


class CheckMartsOperator(StepOperator):
    """Audits the marts before anybody sees them."""

    def step(self, settings: Settings, context: Context) -> dict[str, Any]:
        """Return the checks."""
        from keyaccounts import nightly

        return nightly.check_marts(settings, self.run_of(settings), self.log.info)


class PublishOperator(StepOperator):
    """Publishes a version; its asset event carries what the alerts need to know.

    The connection `keyaccounts_bi`, if there is one, names the Postgres that gets a copy.
    """

    def step(self, settings: Settings, context: Context) -> dict[str, Any]:
        """Return version and rows by mart."""
        from keyaccounts import nightly
        from keyaccounts_connections import airflow_connection

        copied = replace(settings, bi_url=airflow_connection(BI_CONNECTION) or settings.bi_url)
        published = nightly.publish(copied, self.run_of(settings), self.log.info)
        context["outlet_events"][PUBLISHED].extra = {**self.facts, "version": published["version"]}
        return published


class ReportRunOperator(StepOperator):
    """Writes the run manifest and logs the run on a page; runs after a failure too."""

    def step(self, settings: Settings, context: Context) -> dict[str, Any]:
        """Return the summary."""
        from keyaccounts_reports import report_lines, run_report

        summary = run_report(context, STEPS)
        add_to_manifest(settings, self.run_of(settings), summary)
        for line in report_lines(summary):
            self.log.info(line)
        return {key: summary[key] for key in ("as_of_date", "status", "failed_tasks", "seconds")}


class NotifyOperator(StepOperator):
    """Tells people about the current publication, once."""

    def step(self, settings: Settings, context: Context) -> dict[str, Any]:
        """Return the counts of decisions and deliveries."""
        from keyaccounts import nightly
        from keyaccounts_notices import mail_channels

        facts = alert_facts(context, settings)
        run, channels = as_run(facts, settings.timezone), mail_channels()
        release = bool(context["params"].get("release_holds"))
        told = nightly.notify(
            settings, run, send=facts["notify"], release_holds=release, channels=channels,
            log=self.log.info,
        )  # fmt: skip
        add_to_manifest(settings, run, {"notify": told})
        return told


class DeliverOperator(StepOperator):
    """Sends what waited for business hours or failed before."""

    def step(self, settings: Settings, context: Context) -> dict[str, int]:
        """Return counts: sent, waiting, failed."""
        from keyaccounts.alerts.notify import deliver_pending
        from keyaccounts_notices import mail_channels

        now = context["dag_run"].start_date
        return deliver_pending(settings, wall_time=now, channels=mail_channels(), log=self.log.info)


class UpkeepOperator(StepOperator):
    """Removes what no reader and no later run needs."""

    def step(self, settings: Settings, context: Context) -> dict[str, Any]:
        """Return what was removed."""
        from keyaccounts.upkeep import upkeep

        facts = {"as_of_date": str(context["dag_run"].run_after.date())}
        return upkeep(settings, as_run(facts, settings.timezone), self.log.info)


def claim(settings: Settings, context: Context, facts: Mapping[str, Any]) -> str | None:
    """Claim the home for this DAG run; return the run that has it while that one is running."""
    from keyaccounts import nightly

    ti, file = context["ti"], settings.home / "airflow_run.txt"
    with nightly.run_lock(settings, as_run(facts, settings.timezone), "claim", name="claim"):
        holder = file.read_text("utf-8") if file.is_file() else ti.run_id
        others = {"dag_id": ti.dag_id, "run_ids": [holder], "states": ["running"]}
        if holder != ti.run_id and ti.get_dr_count(**others):
            return holder
        file.write_text(ti.run_id, encoding="utf-8")
    return None


def alert_facts(context: Context, settings: Settings) -> dict[str, Any]:
    """Return the facts of an alerts run: its parameters, else the newest asset event's.

    An asset-triggered run has no logical date, so the event carries the date; a manual run takes
    that of the publication.
    """
    from keyaccounts.publishing.publish import current_version, read_manifest

    events: Mapping[Any, Any] = context["triggering_asset_events"]
    found = sorted((e for each in events.values() for e in each), key=lambda e: e.timestamp)
    extra = found[-1].extra if found else {}
    params, current = context["params"], current_version(settings)
    if current is None:
        raise KeyaccountsError("nothing is published yet: run key_accounts_nightly first")
    published = read_manifest(current)["as_of_date"]
    return {
        "as_of_date": params.get("as_of_date") or extra.get("as_of_date") or published,
        "wall_time": params.get("wall_time") or extra.get("wall_time"),
        "notify": bool(params.get("notify", True)) and bool(extra.get("notify", True)),
    }


def add_to_manifest(settings: Settings, run: Run, part: dict[str, Any]) -> None:
    """Add a part to the run manifest; two DAGs write it, so one after the other."""
    from keyaccounts import nightly

    with nightly.run_lock(settings, run, "manifest", name="manifest"):
        before = nightly.run_summary(settings, run)
        nightly.write_run_manifest(settings, run, {**before, **part})
