"""The two border checks: what came in, and what is about to go out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from keyaccounts.contract import REQUIRED_ENTITIES, Entity, load_contract
from keyaccounts.errors import CheckFailedError, KeyaccountsError, SourceRefusedError
from keyaccounts.landing.loads import Load, all_loads, loads_in_play, rows_sql
from keyaccounts.quality import docs
from keyaccounts.quality.baseline import Baseline, accept_hint, accepted_load, baseline
from keyaccounts.quality.landing_suite import landing_suite
from keyaccounts.quality.marts_suite import Built, marts_suite
from keyaccounts.quality.model import Measure, Outcome, Suite
from keyaccounts.settings import PROJECT_ROOT, Run, Settings

Log = Callable[[str], None]
SITE = Path("reports") / "data_docs"


@dataclass(frozen=True)
class Border:
    """A suite, and the open database over which its measures are computed.

    `present` are the entities or marts that there are; without what a measure needs it is left out.
    """

    con: duckdb.DuckDBPyConnection
    suite: Suite
    present: frozenset[str]

    @property
    def measures(self) -> list[Measure]:
        """The measures that can be computed."""
        return [m for m in self.suite.measures if self.present.issuperset(m.needs)]


def check_landing(settings: Settings, run: Run, log: Log) -> dict[str, Any]:
    """Validate the landed rows in play; return the summary of the suite.

    Raises SourceRefusedError when a blocking expectation fails.
    """
    with landing_border(settings, run) as border:
        outcomes = _validate(settings, run, border)
    return _conclude(border.suite, outcomes, log, SourceRefusedError, "nothing is built")


def check_marts(settings: Settings, run: Run, log: Log) -> dict[str, Any]:
    """Audit the marts of the warehouse; return the summary of the suite.

    Raises CheckFailedError when a blocking expectation fails.
    """
    with marts_border(settings, run) as border:
        outcomes = _validate(settings, run, border)
    return _conclude(border.suite, outcomes, log, CheckFailedError, "nothing is published")


@contextmanager
def landing_border(settings: Settings, run: Run) -> Iterator[Border]:
    """Open the landed rows in play, one view per entity, and their suite."""
    present = {name: loads for name in load_contract() if (loads := loads_in_play(settings, name))}
    base = baseline(settings)
    with _database(settings) as con:
        for entity in load_contract().values():
            con.execute(f"create view {entity.name} as {_rows(entity, present.get(entity.name))}")
        newest = max(
            (str(loads[-1].manifest["as_of_date"]) for loads in present.values()),
            default=str(run.as_of_date),
        )
        con.execute(
            f"create view run as select date '{run.as_of_date}' as as_of_date, "
            f"greatest(date '{run.as_of_date}', date '{newest}') as last_day"
        )
        suite = landing_suite(_loads_sql(settings, present, base), accept_hint(base))
        yield Border(con, suite, frozenset(present))


@contextmanager
def marts_border(settings: Settings, run: Run) -> Iterator[Border]:
    """Open the warehouse and the suite of its marts; raises CheckFailedError when there is none."""
    if not settings.warehouse.is_file():
        raise CheckFailedError("there is no warehouse to check: run build first")
    base = baseline(settings)
    is_comparable = base is not None and run.as_of_date >= base.as_of_date
    before = base.rows if base and is_comparable else {}
    state = _build_variables(settings)
    with _database(settings, settings.warehouse) as con:
        con.execute(
            f"create table checks.run as select date '{run.as_of_date}' as as_of_date, "
            f"'{settings.timezone}' as timezone, "
            f"'{settings.base_currency}' as base_currency, "
            f"{settings.max_rate_age_days} as max_rate_age_days, "
            f"{'erp_payment_applications' in state['present_entities']} as is_receivable_known"
        )
        built = _built(con, state["unique_entities"])
        suite = marts_suite(built, before, accept_hint(base))
        yield Border(con, suite, frozenset(built.marts))


@contextmanager
def _database(
    settings: Settings, warehouse: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    try:
        con.execute(f"set memory_limit = '{settings.memory_limit}'")
        con.execute(f"set threads = {settings.threads}")
        con.execute(f"set temp_directory = '{settings.scratch}'")
        con.execute("attach ':memory:' as checks")
        if warehouse:
            # The views of dbt name the database by the stem of its file.
            con.execute(f"attach '{warehouse}' as {warehouse.stem} (read_only)")
            con.execute(f"use {warehouse.stem}")
        yield con
    finally:
        con.close()


def _rows(entity: Entity, loads: list[Load] | None) -> str:
    if not loads:
        columns = ", ".join(f"cast(null as {c.sql_type}) as {c.name}" for c in entity.columns)
        return f"select {columns} where false"
    rows = f"select * from {rows_sql(loads)}"
    if len(loads) > 1:
        rows += (
            f" qualify row_number() over (partition by {', '.join(entity.keys)} "
            "order by updated_at desc nulls last, _load desc, _row) = 1"
        )
    return f"select * from ({rows}) where is_deleted is not true"


def _loads_sql(settings: Settings, present: dict[str, list[Load]], base: Baseline | None) -> str:
    parts = []
    for name, loads in present.items():
        before = accepted_load(all_loads(settings, name), base)
        live = "(select count(*) from {} where is_deleted is not true)"
        rows_before = live.format(rows_sql([before])) if before else "null::bigint"
        parts.append(
            f"select '{name}' as entity, {name in REQUIRED_ENTITIES} as is_required, "
            f"{loads[-1].number} as load_number, (select count(*) from {name}) as rows_now, "
            f"{before.number if before else 'null::integer'} as load_before, "
            f"{rows_before} as rows_before"
        )
    return " union all ".join(parts)


def _build_variables(settings: Settings) -> dict[str, list[str]]:
    file = settings.home / "warehouse" / "target" / "build_state.json"
    state = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    variables = state.get("variables", {})
    return {key: variables.get(key, []) for key in ("present_entities", "unique_entities")}


def _built(con: duckdb.DuckDBPyConnection, unique: list[str]) -> Built:
    columns = con.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where database_name = current_database() and schema_name = 'marts' order by all"
    ).fetchall()
    text = (PROJECT_ROOT / "dbt_project" / "marts.yml").read_text("utf-8")
    # The contract is long: the C parser takes a tenth of the time.
    contract = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    for_bi = {mart["name"] for mart in contract["marts"] if "bi" in mart["audience"]}
    return Built(
        marts=tuple(sorted({table for table, _, _ in columns})),
        dates=tuple((t, c) for t, c, kind in columns if kind == "DATE"),
        texts=tuple((t, c) for t, c, kind in columns if kind == "VARCHAR" and t in for_bi),
        unique=tuple(unique),
    )


def _validate(settings: Settings, run: Run, border: Border) -> list[Outcome]:
    from keyaccounts.quality.great import validate

    tables = {measure.name: _measured(border.con, measure) for measure in border.measures}
    site = settings.home / SITE
    draft = site.with_name(f"{site.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    outcomes = validate(border.con, border.suite, tables, run, draft)
    docs.take_over(draft, site, border.suite.name)
    docs.write_index(site, border.suite.name, outcomes, run)
    return outcomes


def _measured(con: duckdb.DuckDBPyConnection, measure: Measure) -> str:
    table = f"checks.main.{measure.name}"
    try:
        con.execute(f"create table {table} as {measure.sql}")
    except duckdb.Error as error:
        raise KeyaccountsError(f"the measure {measure.name} cannot be computed: {error}") from error
    return table


def _conclude(
    suite: Suite,
    outcomes: list[Outcome],
    log: Log,
    error: type[KeyaccountsError],
    consequence: str,
) -> dict[str, Any]:
    failed = [o for o in outcomes if not o.success and o.expectation.blocks]
    warned = [o for o in outcomes if not o.success and not o.expectation.blocks]
    for outcome in failed + warned:
        word = "failed" if outcome.expectation.blocks else "warning"
        log(f"  {word}: {outcome.message}")
    log(f"  {suite.name}: {len(outcomes)} expectations, {len(failed)} failed, {len(warned)} warn")
    if failed:
        raise error(
            f"{len(failed)} check(s) of the {suite.name} failed, {consequence}. "
            + " | ".join(outcome.message for outcome in failed)
            + f" Details: {SITE / 'index.html'} in the home"
        )
    return {
        "suite": suite.name,
        "passed": sum(o.success for o in outcomes),
        "failed": len(warned),
        "warnings": [outcome.message for outcome in warned],
        "results": [
            {
                "expectation": o.expectation.name,
                "blocks": o.expectation.blocks,
                "success": o.success,
                "observed": o.observed,
                "message": o.expectation.claim if o.success else o.message,
            }
            for o in outcomes
        ],
        "data_docs": (SITE / "index.html").as_posix(),
    }
