"""The published marts as MetricFlow asks them: one version, read only, no warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from metricflow.data_table.mf_table import MetricFlowDataTable
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow.sql.render.sql_plan_renderer import SqlPlanRenderer
from metricflow_semantics.errors.error_classes import SqlBindParametersNotSupportedError
from metricflow_semantics.sql.sql_bind_parameters import SqlBindParameterSet

DATABASE = "published"
"""Name of the published file inside the connection."""
NO_PARAMETERS = SqlBindParameterSet()


class PublishedMarts:
    """A client for MetricFlow over one published file; nothing else of the machine is read."""

    def __init__(self, file: Path, *, memory_limit: str, threads: int) -> None:
        """Open the file of a version read only, beside an empty database in memory."""
        self._con = duckdb.connect()
        self._con.execute(f"set memory_limit = '{memory_limit}'")
        self._con.execute(f"set threads = {threads}")
        name = str(file).replace("'", "''")
        self._con.execute(f"attach '{name}' as {DATABASE} (read_only)")
        self._con.execute("set enable_external_access = false")
        self._con.execute("set lock_configuration = true")

    def rows(self, sql: str) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Run one query; return the names of its columns and its rows as DuckDB has them."""
        result = self._con.execute(sql)
        return tuple(column[0] for column in result.description), result.fetchall()

    @property
    def sql_engine_type(self) -> SqlEngine:
        """DuckDB."""
        return SqlEngine.DUCKDB

    @property
    def sql_plan_renderer(self) -> SqlPlanRenderer:
        """What writes the SQL."""
        return DuckDbSqlPlanRenderer()

    def query(
        self, stmt: str, sql_bind_parameter_set: SqlBindParameterSet = NO_PARAMETERS
    ) -> MetricFlowDataTable:
        """Run one query of MetricFlow's own; its tables hold doubles in place of decimals."""
        names, rows = self.rows(stmt)
        return MetricFlowDataTable.create_from_rows(column_names=names, rows=rows)

    def execute(
        self, stmt: str, sql_bind_parameter_set: SqlBindParameterSet = NO_PARAMETERS
    ) -> None:
        """Run a statement without a result."""
        self._con.execute(stmt)

    def dry_run(
        self, stmt: str, sql_bind_parameter_set: SqlBindParameterSet = NO_PARAMETERS
    ) -> None:
        """Tell by an error whether a query would run."""
        self._con.execute(f"explain {stmt}")

    def close(self) -> None:
        """Close the connection."""
        self._con.close()

    def render_bind_parameter_key(self, bind_parameter_key: str) -> str:
        """Bind parameters are not used."""
        raise SqlBindParametersNotSupportedError("bind parameters are not used here")
