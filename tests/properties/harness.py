"""Runs the SQL of the dbt project without dbt: compiled once, then executed per company in memory.

dbt compiles the project once per set of landed entities, with a day that stands nowhere else in
place of the as-of date; a run puts its own day there. The text that DuckDB executes is otherwise
what dbt would execute, model by model in the order of the graph. Staging stays views, the rest are
tables. What the step `build` lays out before dbt starts (`landing_schema.py`) is laid out here from
rows in memory: the newest row of an account is `crm_accounts`, all of them its versions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from keyaccounts.contract import load_contract
from keyaccounts.warehouse.build import DBT_PROJECT
from keyaccounts.warehouse.restated import TABLES
from tests.properties.compiled import SOME_DAY, Node, Project, changed_text, project_for
from tests.properties.keyed import keyed

ARROW_TYPES = {
    "text": pa.string(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "money": pa.decimal128(18, 2),
    "quantity": pa.decimal128(18, 4),
    "rate": pa.decimal128(18, 8),
}


VERSIONED = {
    "crm_accounts": ("crm_account_versions", "account_id"),
    "crm_users": ("crm_user_versions", "user_id"),
}


PLACE = [("_row", pa.int64()), ("_load", pa.int32())]


ASIDE = {
    "rejected": "entity varchar, _load integer, _row bigint, row_key varchar, column_name varchar, "
    "value varchar, rule varchar, is_follower boolean",
    "nulled": "entity varchar, _load integer, _row bigint, column_name varchar, value varchar",
    "loads": "entity varchar, load_number integer, landed_on date, rows_count bigint, "
    "quarantined_count bigint, is_in_play boolean",
    "quarantine": "entity varchar, source_row bigint, place varchar, row_key varchar, "
    "column_name varchar, value varchar, rule varchar, is_held_back boolean",
    "quarantine_counts": "counted_on date, entity varchar, column_name varchar, reason varchar, "
    "held_by varchar, rows_count bigint",
    **TABLES,
}


Row = dict[str, Any]


# Aggregates of nothing, which many at once do not have (`keyed.py`), and counts of no company.
UNKEYED = {"data_coverage", "quarantine_counts"}


@dataclass(frozen=True)
class Inputs:
    """What a build is a function of: landed rows by entity, the dated rules, the day.

    An entity that is no key is absent. `crm_accounts` holds every version of every account, told
    apart by `_load`. `rules` maps seed to rows and replaces the seed's own.
    """

    rows: Mapping[str, list[Row]]
    as_of_date: date
    rules: Mapping[str, list[Row]] = field(default_factory=dict)


@cache
def seeds() -> dict[str, tuple[dict[str, str], list[Row]]]:
    """Return the columns (name to type) and rows of each dated rule of the project."""
    import csv

    import yaml

    found = {}
    spec = yaml.safe_load((DBT_PROJECT / "models" / "rules.yml").read_text("utf-8"))
    for seed in spec["seeds"]:
        with (DBT_PROJECT / "seeds" / f"{seed['name']}.csv").open(encoding="utf-8") as text:
            found[seed["name"]] = (seed["config"]["column_types"], list(csv.DictReader(text)))
    return found


class Builder:
    """One DuckDB connection in memory that builds one set of companies after another.

    A single company is built by the text of the models as it is; many at once by the same text
    rewritten by `keyed`, where every table has a column `company`.
    """

    def __init__(self, is_keyed: bool = False) -> None:
        """Open the connection; `is_keyed` for many companies at once."""
        self.is_keyed = is_keyed
        self.con = duckdb.connect(config={"threads": 1})
        self.con.execute("set enable_progress_bar = false")
        for schema in ("landing", "rules", "staging", "intermediate", "marts"):
            self.con.execute(f"create schema {schema}")

    def build(
        self,
        companies: Mapping[int, Inputs],
        wanted: Iterable[str] | None = None,
        changed: Mapping[str, tuple[str, str]] | None = None,
        variant: str = "general",
    ) -> None:
        """Build the wanted models (default: all) of the companies in place of those before.

        All have landed the same entities and are seen on the same day. `changed` maps a model to a
        fragment of its compiled text and what stands in its place.
        """
        first = next(iter(companies.values()))
        if any((set(c.rows), c.as_of_date) != (set(first.rows), first.as_of_date)
               for c in companies.values()):  # fmt: skip
            raise ValueError("companies of one build share their day and entities")
        if len(companies) > 1 and not self.is_keyed:
            raise ValueError("this builder takes one company")
        project = self.project(companies, variant)
        self.lay_out(companies)
        for name in project.upstream(wanted or project.models):
            self.run(project.models[name], first.as_of_date, (changed or {}).get(name))

    def project(self, companies: Mapping[int, Inputs], variant: str = "general") -> Project:
        """Return the project compiled for what the companies have landed."""
        return project_for(next(iter(companies.values())).rows, variant)

    def lay_out(self, companies: Mapping[int, Inputs]) -> None:
        """Create the schemas `landing` and `rules`."""
        for name, entity in load_contract().items():
            schema = [(c.name, ARROW_TYPES[c.type]) for c in entity.columns] + PLACE
            rows = {key: company.rows.get(name, []) for key, company in companies.items()}
            if name in VERSIONED:
                table, key = VERSIONED[name]
                versions = [*schema, ("landed_as_of", pa.timestamp("us"))]
                self._table(table, rows, versions)
                rows = {number: _newest(found, key) for number, found in rows.items()}
            self._table(name, rows, schema)
        key = "company integer, " if self.is_keyed else ""
        for name, columns in ASIDE.items():
            self.con.execute(f"create or replace table landing.{name} ({key}{columns})")
        for name, (types, own) in seeds().items():
            values = ", ".join(
                f"({number}, " * self.is_keyed + "(" * (not self.is_keyed)
                + ", ".join(f"cast('{row[c]}' as {t})" for c, t in types.items()) + ")"
                for number, company in companies.items()
                for row in company.rules.get(name, own)
            )  # fmt: skip
            columns = ", ".join(["company"] * self.is_keyed + list(types))
            typed = ", ".join([*["company integer"] * self.is_keyed,
                               *(f"{c} {t}" for c, t in types.items())])  # fmt: skip
            self.con.execute(f"create or replace table rules.{name} ({typed})")
            if values:
                self.con.execute(f"insert into rules.{name} ({columns}) values {values}")
        numbers = ", ".join(f"({number})" for number in companies)
        self.con.execute(
            f"create or replace table landing.companies as select * from (values {numbers}) "
            "as t(company)"
        )

    def _table(
        self, name: str, companies: Mapping[int, list[Row]], schema: list[tuple[str, pa.DataType]]
    ) -> None:
        placed = {
            number: [{"_row": n, "_load": 1, **row} for n, row in enumerate(rows)]
            for number, rows in companies.items()
        }
        if self.is_keyed:
            schema = [("company", pa.int32()), *schema]
            for number, rows in placed.items():
                for row in rows:
                    row["company"] = number
        every = [row for rows in placed.values() for row in rows]
        arrays = [pa.array([row.get(c) for row in every], type=t) for c, t in schema]
        landed = pa.Table.from_arrays(arrays, names=[c for c, _ in schema])
        self.con.register("landed", landed)
        self.con.execute(f"create or replace table landing.{name} as select * from landed")

    def run(self, node: Node, as_of_date: date, changed: tuple[str, str] | None = None) -> None:
        """Create one model."""
        sql = self._text(changed_text(node, changed), as_of_date)
        kind = "view" if node.is_view else "table"
        self.con.execute(f"create or replace {kind} {node.schema}.{node.name} as {sql}")

    def _text(self, sql: str, as_of_date: date) -> str:
        return (keyed(sql) if self.is_keyed else sql).replace(SOME_DAY, as_of_date.isoformat())

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.con.execute(sql).fetchall()

    def records(self, sql: str) -> list[Row]:
        """Return the rows of a query by column name."""
        result = self.con.execute(sql)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def data_tests(self, companies: Mapping[int, Inputs]) -> list[str]:
        """Return the data tests over models that can be built for many companies at once."""
        # A test without a parent reads no company.
        tests = self.project(companies).tests
        return [
            name
            for name, test in tests.items()
            if test.parents and UNKEYED.isdisjoint(test.parents)
        ]

    def failures(
        self, companies: Mapping[int, Inputs], names: Iterable[str] | None = None
    ) -> dict[str, list[Row]]:
        """Run the data tests; return the bad rows of those that found any."""
        first, found = next(iter(companies.values())), {}
        project = project_for(first.rows)
        for name in names or project.tests:
            bad = self.records(self._text(project.tests[name].sql, first.as_of_date))
            if bad:
                found[name] = bad
        return found


def _newest(versions: list[Row], key: str) -> list[Row]:
    return list({r[key]: r for r in sorted(versions, key=lambda r: r.get("_load", 1))}.values())
