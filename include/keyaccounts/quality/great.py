"""The one module that imports Great Expectations, inside the function that needs it (7 s).

The context lives in memory and is told to send nothing; what stays is the Data Docs site.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts.quality.dialect import lend
from keyaccounts.quality.model import ROWS, Expectation, Outcome, Suite
from keyaccounts.settings import Run

SHOWN = 3


def validate(
    con: duckdb.DuckDBPyConnection, suite: Suite, tables: dict[str, str], run: Run, site: Path
) -> list[Outcome]:
    """Run the suite over measured tables and write its Data Docs pages below `site`.

    `tables` maps a measure to its table; expectations of other measures are left out. Outcomes come
    in the order of the suite. An expectation that cannot be evaluated counts as failed.
    """
    if not any(e.measure in tables for e in suite.expectations):
        return []
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings(), lend(con) as address:
        warnings.simplefilter("ignore")
        context = _context(site)
        source = context.data_sources.add_sql(
            suite.name, connection_string=address, create_temp_table=False
        )
        try:
            result = _run(context, source, suite, tables, run)
        finally:
            source.get_execution_engine().close()
            source.get_engine().dispose()
    return _outcomes(con, suite, tables, result)


def _context(site: Path) -> Any:
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    docs = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(site),
        },
        # Its index is drawn by scripts from elsewhere; ours is plain (docs.py).
        "site_index_builder": None,
    }
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        data_docs_sites={"local": docs},
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _run(context: Any, source: Any, suite: Suite, tables: dict[str, str], run: Run) -> Any:
    import great_expectations as gx
    import great_expectations.expectations as gxe
    from great_expectations.checkpoint.actions import UpdateDataDocsAction

    definitions = []
    for measure, table in tables.items():
        chosen = [e for e in suite.expectations if e.measure == measure]
        if not chosen:
            continue
        asset = source.add_query_asset(measure, f"select * from {table}")
        parts = [
            getattr(gxe, e.type)(
                **e.kwargs,
                meta={"name": e.name},
                description=e.claim,
                notes=f"{'Blocks' if e.blocks else 'Warns'}: {e.reason}. {e.action}",
                severity="critical" if e.blocks else "warning",
            )
            for e in chosen
        ]
        definitions.append(
            context.validation_definitions.add(
                gx.ValidationDefinition(
                    name=f"{suite.name}.{measure}",
                    data=asset.add_batch_definition("all"),
                    suite=context.suites.add(
                        gx.ExpectationSuite(name=f"{suite.name}.{measure}", expectations=parts)
                    ),
                )
            )
        )
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(
            name=suite.name,
            validation_definitions=definitions,
            actions=[UpdateDataDocsAction(name="data_docs")],
            result_format={"result_format": "COMPLETE"},
        )
    )
    return checkpoint.run(
        run_id=gx.RunIdentifier(run_name=str(run.as_of_date), run_time=run.wall_time)
    )


def _outcomes(
    con: duckdb.DuckDBPyConnection, suite: Suite, tables: dict[str, str], result: Any
) -> list[Outcome]:
    found = {
        entry.expectation_config.meta["name"]: entry
        for validation in result.run_results.values()
        for entry in validation.results
    }
    outcomes = []
    for expectation in suite.expectations:
        if expectation.name in found:
            entry = found[expectation.name]
            observed = _observed(con, tables[expectation.measure], expectation, entry)
            outcomes.append(Outcome(expectation, bool(entry.success), observed))
    return outcomes


def _observed(
    con: duckdb.DuckDBPyConnection, table: str, expectation: Expectation, entry: Any
) -> str:
    raised = _exception(entry.exception_info or {})
    if raised:
        return f"could not be evaluated ({raised})"
    if expectation.type == ROWS:
        rows = [str(row["found"]) for row in entry.result["details"]["unexpected_rows"]]
        more = entry.result["observed_value"] - SHOWN
        return ("; ".join(rows[:SHOWN]) or "none") + (f"; and {more} more" if more > 0 else "")
    # Great Expectations names the values only when they are unexpected.
    column = expectation.kwargs["column"]
    low, high = con.execute(f"select min({column}), max({column}) from {table}").fetchall()[0]
    if low is None:
        return "nothing to judge"
    return str(low) if low == high else f"{low} to {high}"


def _exception(info: dict[str, Any]) -> str:
    for part in (info, *(v for v in info.values() if isinstance(v, dict))):
        if part.get("raised_exception"):
            return str(part.get("exception_message", "")).splitlines()[0]
    return ""
