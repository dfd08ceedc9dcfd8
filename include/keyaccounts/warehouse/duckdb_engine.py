"""The default engine: dbt builds in this process, in one DuckDB file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb

from keyaccounts.settings import Settings
from keyaccounts.warehouse.dbt_process import SHOWN, NodeResult, example, invoke, parsed


def run(
    settings: Settings, project: Path, command: list[str], log: Callable[[str], None]
) -> list[NodeResult]:
    """Run one dbt command against the warehouse file; failed tests name their first rows."""
    target = settings.home / "warehouse" / "target"
    try:
        nodes = invoke(
            command,
            project=project,
            target=target,
            environment=variables_of(settings),
            log=log,
            manifest=parsed(project, target),
        )
    finally:
        close_warehouse()
    return _described(settings, nodes)


def close_warehouse() -> None:
    """Close what dbt leaves open: an open writer excludes everybody else."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def variables_of(settings: Settings) -> dict[str, str]:
    """Return what `profiles.yml` reads of the settings."""
    return {
        "KEYACCOUNTS_DBT_WAREHOUSE": str(settings.warehouse),
        "KEYACCOUNTS_DBT_SCRATCH": str(settings.scratch),
        "KEYACCOUNTS_DBT_MEMORY": settings.memory_limit,
        "KEYACCOUNTS_DBT_THREADS": str(settings.threads),
    }


def _described(settings: Settings, nodes: list[NodeResult]) -> list[NodeResult]:
    con = duckdb.connect(str(settings.warehouse), read_only=True)
    try:
        counts = dict(
            con.execute(
                "select table_name, estimated_size from duckdb_tables() "
                "where schema_name in ('intermediate', 'marts', 'rules')"
            ).fetchall()
        )
        return [
            replace(node, message=_with_examples(con, node))
            if node.kind == "test" and node.is_bad
            else replace(node, rows=counts.get(node.name))
            for node in nodes
        ]
    finally:
        con.close()


def _with_examples(con: duckdb.DuckDBPyConnection, node: NodeResult) -> str:
    message = node.message.strip()
    try:
        result = con.execute(f"select * from ({node.sql}) as bad limit {SHOWN}")
    except duckdb.Error:
        return message
    return f"{message}: {example([column[0] for column in result.description], result.fetchall())}"
