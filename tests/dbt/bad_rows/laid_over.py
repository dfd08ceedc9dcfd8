"""A copy of a built warehouse in memory; a bad row is laid over it and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from tests.dbt.bad_rows.checks import Check, Project
from tests.dbt.bad_rows.walk import BadRow

RECONCILIATION = "marts.receivables_reconciliation"
CHANGES = re.compile(
    r"^\s*(?:insert into|update|delete from|create or replace table) (\w+\.\w+)", re.I
)


class Copy:
    """All tables and views of a warehouse as tables, so that any of them can hold a bad row."""

    def __init__(self, warehouse: Path, project: Project) -> None:
        self.project = project
        self.con = duckdb.connect()
        # The compiled SQL names the database by the stem of its file.
        self.con.execute(f"attach ':memory:' as {warehouse.stem}")
        built = duckdb.connect(str(warehouse), read_only=True)
        try:
            self._copy(built, warehouse.stem)
        finally:
            built.close()
        self.con.execute(f"use {warehouse.stem}")

    def _copy(self, built: duckdb.DuckDBPyConnection, name: str) -> None:
        tables = built.execute(
            "select table_schema, table_name from information_schema.tables order by all"
        ).fetchall()
        for schema, table in tables:
            # A build writes its rows in any order; a bad row has to be the same one every time.
            rows = built.sql(f"select * from {schema}.{table} order by all").to_arrow_table()
            self.con.execute(f"create schema if not exists {name}.{schema}")
            self.con.register("rows", rows)
            self.con.execute(f"create table {name}.{schema}.{table} as select * from rows")
            self.con.unregister("rows")

    @contextmanager
    def holding(self, row: BadRow) -> Iterator[None]:
        """Hold the bad row for the time of the block."""
        self.con.execute("begin")
        try:
            for statement in row.do:
                self.con.execute(statement)
            for table in row.rebuild:
                self.con.execute(f"create or replace table {table} as {self.project.models[table]}")
            yield
        finally:
            self.con.execute("rollback")

    def red(self, checks: Iterable[Check]) -> set[str]:
        """Return the names of the checks that fail now, counted as dbt counts."""
        return {check.name for check in checks if self._is_red(check)}

    def reconciliations(self, where: str = "true") -> set[str]:
        """Return the reconciliations of the mart that have a row `where`."""
        rows = self.con.execute(
            f"select 'reconciliation ' || check_name from {RECONCILIATION} where {where} group by 1"
        ).fetchall()
        return {name for (name,) in rows}

    def _is_red(self, check: Check) -> bool:
        _, should_warn, should_error = self.con.execute(check.executed).fetchall()[0]
        return bool(should_warn or (check.is_error and should_error))

    def tables_of(self, check: Check) -> set[str]:
        """Return the tables that the statement of a check names, as DuckDB parses it."""
        names = self.con.get_table_names(check.executed, qualified=True)
        plain = (name.split(" AS ")[0].replace('"', "") for name in names)
        return {".".join(name.split(".")[-2:]) for name in plain}

    def red_by(self, row: BadRow) -> set[str]:
        """Return the checks that a bad row turns red, of those that read what it changes."""
        touched = changed(row)
        with self.holding(row):
            red = self.red(c for c in self.project.checks.values() if c.reads & touched)
            if RECONCILIATION in row.rebuild:
                red |= self.reconciliations("check_status = 'different'")
            return red


def changed(row: BadRow) -> set[str]:
    """Return the tables that a bad row changes; raises ValueError when a statement hides them."""
    tables = set(row.rebuild)
    for statement in row.do:
        found = CHANGES.match(statement)
        if not found:
            raise ValueError(f"{row.name}: cannot see which table is changed by: {statement[:80]}")
        tables.add(found[1])
    return tables
