"""Companies that are built once; a mutant is built again on each, as far as it reaches, and judged.

Every ground keeps a copy of each model. A mutant runs in a transaction that is rolled back: its
model, then those that rest on one whose rows have changed. Where no mart changes, nobody can
notice.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

import duckdb
from tests.acceptance import loaders, test_fixtures
from tests.properties.compiled import Node, Project
from tests.properties.crowd import MARTS, Case, batch, table_of
from tests.properties.from_files import inputs_of
from tests.properties.harness import Builder, Inputs, Row
from tests.properties.run import CHECKS

LIMIT_SECONDS = 6.0
# Seed and number: two month-ends, a day inside a month, and a company without applications.
CROWDS = ((0, 20), (100, 12), (200, 12), (300, 4))


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant on a ground: which models changed, and what noticed."""

    changed: frozenset[str] = frozenset()
    killer: str = ""

    @property
    def marts(self) -> list[str]:
        """The marts that changed."""
        return sorted(name for name in self.changed if name in MARTS)


class Ground:
    """One built set of companies."""

    def __init__(self, name: str, companies: Mapping[int, Inputs], is_keyed: bool) -> None:
        """Build the companies and keep a copy of every model."""
        self.name, self.companies = name, companies
        self.builder = Builder(is_keyed)
        self.project: Project = self.builder.project(companies)
        self.builder.build(companies, MARTS)
        self.models = {n: self.project.models[n] for n in self.project.upstream(MARTS)}
        self.day = next(iter(companies.values())).as_of_date
        self.con = self.builder.con
        self.con.execute("create schema before")
        self.columns = {}
        for node in self.models.values():
            self.con.execute(
                f"create table before.{node.name} as select * from {node.schema}.{node.name}"
            )
            self.columns[node.name] = self._describe(f"before.{node.name}")

    def judge(self, texts: Mapping[str, str]) -> Verdict:
        """Build the models with these texts and say who notices."""
        self.con.begin()
        changed: set[str] = set()
        try:
            for node in self.models.values():
                if node.name in texts or changed.intersection(node.parents):
                    self._run(node, texts.get(node.name, node.sql))
                    if self._differs(node):
                        changed.add(node.name)
            killer = self.noticed(changed) if changed else ""
            return Verdict(frozenset(changed), killer)
        except duckdb.InterruptException:
            return Verdict(frozenset(changed), "it does not end")
        except duckdb.Error as error:
            return Verdict(frozenset(changed), f"it does not run: {str(error)[:80]}")
        finally:
            self.con.rollback()

    def noticed(self, changed: set[str]) -> str:
        """Return the first check that notices, or an empty text."""
        raise NotImplementedError

    def failed_test(self, changed: set[str]) -> str:
        """Return the first data test over a changed model that fails."""
        for name in self.builder.data_tests(self.companies):
            is_asked = changed.intersection(self.project.tests[name].parents)
            if is_asked and self.builder.failures(self.companies, [name]):
                return f"data test {name}"
        return ""

    def _run(self, node: Node, sql: str) -> None:
        # A mutant of a recursion may not end; a model takes a small part of a second.
        timer = threading.Timer(LIMIT_SECONDS, self.con.interrupt)
        timer.start()
        try:
            self.builder.run(Node(node.name, node.schema, sql, (), node.is_view), self.day)
        finally:
            timer.cancel()

    def _describe(self, table: str) -> list[tuple[Any, ...]]:
        return self.con.execute(f"describe {table}").fetchall()

    def _differs(self, node: Node) -> bool:
        table = f"{node.schema}.{node.name}"
        if self._describe(table) != self.columns[node.name]:
            return True
        sides = (table, f"before.{node.name}")
        counts = [self.con.execute(f"select count(*) from {s}").fetchall() for s in sides]
        if counts[0] != counts[1]:
            return True
        rest = f"select 1 from (from {sides[0]} except all from {sides[1]}) limit 1"
        return bool(self.con.execute(rest).fetchall())


class CrowdGround(Ground):
    """Random companies: the data tests of the project, and the properties."""

    def __init__(self, first: int, count: int) -> None:
        """Build so many companies from a seed on."""
        super().__init__(f"companies {first}", batch(first, count), is_keyed=True)
        self.cases = {seed: Case(seed, x, self._rows) for seed, x in self.companies.items()}
        self._seed = 0

    def _rows(self, mart: str) -> list[Row]:
        if mart not in self._kept:
            self._kept[mart] = self.builder.records(
                f"select * exclude (company) from (from {table_of(mart)}) "
                f"where company = {self._seed} "
                "order by all"
            )
        return self._kept[mart]

    def noticed(self, changed: set[str]) -> str:
        """Ask the contract, the data tests, then the properties of companies that changed."""
        marts = [name for name in MARTS if name in changed]
        for name in marts:
            if self._describe(table_of(name)) != self.columns[name]:
                return f"contract of {name}"
        if failed := self.failed_test(changed):
            return failed
        for seed in self._companies(marts):
            self._seed, self._kept = seed, {}
            for name, check in CHECKS.items():
                if next(check(self.cases[seed]), None):
                    return f"property {name}"
        return ""

    def _companies(self, marts: list[str]) -> list[int]:
        found: set[int] = set()
        for name in marts:
            for one, other in (
                (table_of(name), f"before.{name}"),
                (f"before.{name}", table_of(name)),
            ):
                sql = f"select distinct company from (from {one} except all from {other})"
                found.update(row[0] for row in self.con.execute(sql).fetchall())
        return sorted(found)


class FixtureGround(Ground):
    """One fixture of the semantics: its own acceptance test."""

    def __init__(self, name: str, write: Callable[[Path], None], day: str, test: Any) -> None:
        """Build the company that a loader writes."""
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder))
            inputs = inputs_of(Path(folder), date.fromisoformat(day))
        super().__init__(name, {0: inputs}, is_keyed=False)
        self.test = test

    def noticed(self, changed: set[str]) -> str:
        """Run the acceptance test over what is built."""
        try:
            self.test(lambda write, day, **more: self.builder)
        except AssertionError:
            return f"fixture {self.name}"
        return self.failed_test(changed)


class StoryGround(Ground):
    """The demo company: the planted stories that its marts must show."""

    def __init__(self) -> None:
        """Make and build the demo company."""
        from tests.acceptance.test_stories import END

        from keyaccounts.demo import generate

        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder), end=END)
            stories = json.loads((Path(folder) / "stories.json").read_text("utf-8"))["stories"]
            inputs = inputs_of(Path(folder), END)
        super().__init__("stories", {0: inputs}, is_keyed=False)
        self.checks = [
            (story["id"], check)
            for story in stories
            for check in story["checks"]
            if check["mart"] in MARTS
        ]

    def noticed(self, changed: set[str]) -> str:
        """Count the rows of every story."""
        for story, check in self.checks:
            sql = f"select count(*) from marts.{check['mart']} where {check['where']}"
            found, wanted = self.builder.rows(sql)[0][0], check["rows"]
            holds = (
                found >= 1
                if wanted == "at_least_1"
                else found == (wanted if wanted != "none" else 0)
            )
            if not holds:
                return f"story {story}"
        return self.failed_test(changed)


def fixture_grounds() -> Iterator[FixtureGround]:
    """Yield the fixtures that enter as contract files."""
    for scenario in ("S1", "S2", "S3", "S4"):
        yield FixtureGround(
            f"tier_abc {scenario}", partial(loaders.tier_abc, scenario=scenario), "2026-06-30",
            partial(test_fixtures.test_tier_abc, scenario=scenario),
        )  # fmt: skip
    for day in ("2026-03-31", "2026-04-11", "2026-04-30"):
        yield FixtureGround(
            f"ar_aging {day}", loaders.ar_aging, day, partial(test_fixtures.test_ar_aging, day=day)
        )
    for name, day in (("movements", "2026-06-30"), ("cohort", "2026-04-30"),
                      ("tier_drop_drivers", "2026-06-30")):  # fmt: skip
        yield FixtureGround(
            name, getattr(loaders, name), day, getattr(test_fixtures, f"test_{name}")
        )


@cache
def crowds() -> list[Ground]:
    """Return the random companies; the first look at a mutant."""
    return _green([CrowdGround(*c) for c in CROWDS])


@cache
def others() -> list[Ground]:
    """Return the fixtures and the stories, for what the random companies do not notice."""
    return _green([*fixture_grounds(), StoryGround()])


def _green(found: list[Ground]) -> list[Ground]:
    """Return grounds that are green without a mutant; a red one would kill everything."""
    for ground in found:
        if reason := ground.noticed(set(ground.models)):
            raise RuntimeError(f"{ground.name} is red without a mutant: {reason}")
    return found
