"""The planted stories of the demo company show in what a user sees: marts, messages, explain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from keyaccounts import nightly
from keyaccounts.demo import generate
from keyaccounts.reports.explain import explain, explain_lines
from keyaccounts.reports.report import write_report
from keyaccounts.reports.status import demo_lines
from keyaccounts.settings import PROJECT_ROOT, Run, Settings
from keyaccounts.texts import ENGLISH
from tests.conftest import run_at, settings_for, silent

END = date(2026, 10, 31)
RULES = PROJECT_ROOT / "include" / "keyaccounts" / "demo" / "rules"


@dataclass(frozen=True)
class Demo:
    settings: Settings
    stories: dict[str, dict[str, Any]]
    con: duckdb.DuckDBPyConnection

    def count(self, check: dict[str, Any]) -> int:
        """Return the rows of the mart that a check speaks of."""
        place = "team.marts" if check["mart"] in marts_of(self, "team") else "marts"
        sql = f"select count(*) from {place}.{check['mart']} where {check['where']}"
        return int(self.con.execute(sql).fetchall()[0][0])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    generate(folder / "source", end=END)
    settings = settings_for(
        folder / "home", folder / "source", go_live_date=date(2026, 10, 1),
        fallback_manager="boss@example.com", rules_dir=str(RULES),
    )  # fmt: skip
    nightly.nightly(settings, run_at("2026-09-30"), log=silent)
    nightly.nightly(settings, Run(END, datetime(2026, 11, 2, 1, tzinfo=UTC)), log=silent)
    current = settings.published / "current"
    con = duckdb.connect(str(current / "keyaccounts.duckdb"), read_only=True)
    con.execute(f"attach '{current}/restricted/account_team.duckdb' as team (read_only)")
    told = json.loads((folder / "source" / "stories.json").read_text("utf-8"))
    yield Demo(settings, {story["id"]: story for story in told["stories"]}, con)
    con.close()


def marts_of(demo: Demo, catalog: str) -> set[str]:
    rows = demo.con.execute(
        "select table_name from information_schema.tables where table_catalog = ?", [catalog]
    ).fetchall()
    return {row[0] for row in rows}


def built_marts(demo: Demo) -> set[str]:
    """Return the marts for everybody and those of account teams."""
    return marts_of(demo, "keyaccounts") | marts_of(demo, "team")


@pytest.mark.parametrize(
    "story",
    [
        "whale_losing_volume", "flapping_b", "one_off_bulk", "slow_dealer", "cash_sitting_owner",
        "won_back", "cross_sell_gone_wrong", "single_threaded_left", "rising_small",
        "bought_growth", "relative_drop", "new_customer", "team_leaves",
    ],
)  # fmt: skip
def test_a_planted_story_shows(demo: Demo, story: str) -> None:
    checks = [c for c in demo.stories[story]["checks"] if c["mart"] in built_marts(demo)]
    assert checks, "no mart of this story is built yet"
    for check in checks:
        found, wanted = demo.count(check), check["rows"]
        holds = (
            found >= 1 if wanted == "at_least_1" else found == (wanted if wanted != "none" else 0)
        )
        assert holds, f"{check['mart']} where {check['where']}: {found} rows, wanted {wanted}"


def test_the_whale_reaches_its_account_manager_with_figures_that_add_up(demo: Demo) -> None:
    whale = demo.stories["whale_losing_volume"]["account_ids"][0]
    letters = [
        text
        for file in demo.settings.outbox.glob("2026-10-31/*.txt")
        if f"({whale})" in (text := file.read_text("utf-8"))
    ]
    assert len(letters) == 1
    lines = letters[0].splitlines()
    start = lines.index("Why:")
    end = next(n for n in range(start, len(lines)) if lines[n].startswith("  Change in all"))
    amounts = [
        int(line.rsplit(" ", 1)[1].replace(",", "").replace(".", ""))
        for line in lines[start + 1 : end + 1]
        if line.strip("- ") != ""
    ]
    assert sum(amounts[:-1]) == amounts[-1] < 0


def test_the_same_night_again_sends_nothing(demo: Demo) -> None:
    before = sorted(demo.settings.outbox.rglob("*.eml"))
    later = Run(END, datetime(2026, 11, 2, 2, tzinfo=UTC))
    summary = nightly.notify(demo.settings, later, log=silent)
    assert summary["messages_written"] == 0
    assert sorted(demo.settings.outbox.rglob("*.eml")) == before


def test_the_control_account_agrees_at_every_month_end(demo: Demo) -> None:
    version = (demo.settings.published / "current").resolve()
    con = duckdb.connect(str(version / "restricted" / "data_engineering.duckdb"), read_only=True)
    found = con.execute(
        "select check_status, count(*) from marts.receivables_reconciliation "
        "where check_name = 'general_ledger' group by 1"
    ).fetchall()
    con.close()
    assert found == [("ok", 48)]


def test_reviews_reach_finance_control_and_nobody_else(demo: Demo) -> None:
    """The planted cash shows in the marts of finance control; BI and the letters keep silent."""
    story = demo.stories["cash_sitting_owner"]
    restricted = (demo.settings.published / "current").resolve() / "restricted"
    con = duckdb.connect(str(restricted / "finance_control.duckdb"), read_only=True)
    for check in story["checks"]:
        if check["mart"] in {"owner_receivables", "cash_control"}:
            sql = f"select count(*) from marts.{check['mart']} where {check['where']}"
            assert con.execute(sql).fetchall() == [(check["rows"],)], check["says"]
    con.close()
    assert not {"owner_receivables", "cash_control"} & built_marts(demo)
    told = demo.con.execute("select alert_type, audience from marts.account_alerts group by all")
    assert not [row for row in told.fetchall() if "review" in row[0] or "finance" in row[1]]
    letters = [
        (file, file.read_text("utf-8", errors="replace"))
        for file in demo.settings.outbox.rglob("*")
        if file.suffix in {".txt", ".eml"}
    ]
    reviews = [file.name for file, text in letters if "needs review" in text]
    assert reviews
    assert all("finance_control" in name for name in reviews), reviews


def test_explain_names_figures_threshold_history_and_drivers(demo: Demo) -> None:
    whale = demo.stories["whale_losing_volume"]["account_ids"][0]
    facts = explain(demo.settings, whale)
    screen = explain_lines(facts)
    for part in (
        "Tier B since 2026-10-31",
        "below 80% is A",
        "lost product",
        "To do",
        "Money owed",
        "Relationship",
        "Service in 12 months",
        "Last alerts",
    ):
        assert part in "\n".join(screen)
    assert len(screen) <= 60
    assert max(map(len, screen)) <= 100
    whole = explain_lines(facts, with_history=True)
    assert whole[: len(screen)] == screen
    assert any("from 2026-10-31 to now" in line for line in whole[len(screen) :])


def test_explain_says_each_next_step_in_words(demo: Demo) -> None:
    """One account per step there is, prospects and merged records among them."""
    found = demo.con.execute(
        "select unnest(string_split(next_steps, '|')) as step, min(account_id) "
        "from marts.accounts where next_steps is not null group by step"
    ).fetchall()
    # Nobody there has a severe conflict open, or makes a loss without being a candidate.
    steps = ENGLISH.catalogue.group("step")
    assert set(steps) - {step for step, _ in found} <= {"resolve_conflict", "review_exit"}
    for step, account in found:
        text = "\n".join(explain_lines(explain(demo.settings, account)))
        assert steps[step].partition("{")[0] in " ".join(text.split()), (step, account)
    for where in ("is_internal", "is_merged_away", "tier is null", "last_purchase_date is null"):
        row = demo.con.execute(f"select min(account_id) from marts.accounts where {where}")
        (account,) = row.fetchone()
        assert explain_lines(explain(demo.settings, account)), where


def test_the_report_tells_the_stories_and_is_the_same_each_time(demo: Demo) -> None:
    file = demo.settings.published / "current" / "report.html"
    page = file.read_text("utf-8")
    for part in (
        "Fading Whale",
        "drop A → B",
        "Bearings, Drives",
        "payment trap",
        "Patient Paymaster",
    ):
        assert part in page
    assert page.count("<svg") == 6
    assert file.stat().st_size < 1_000_000
    assert write_report(demo.settings).read_text("utf-8") == page


def test_the_demo_ends_with_twelve_lines(demo: Demo) -> None:
    lines = demo_lines(demo.settings)
    assert len(lines) == 12
    assert "Fading Whale" in lines[2]


def test_no_one_else_may_read_the_restricted_marts(demo: Demo) -> None:
    restricted = (demo.settings.published / "current").resolve() / "restricted"
    assert len(list(restricted.rglob("*.parquet"))) >= 2
    assert "alert_events" not in built_marts(demo)
    assert [p.name for p in restricted.rglob("*") if p.stat().st_mode & 0o007] == []


def test_names_lie_beside_what_only_a_group_may_read(demo: Demo) -> None:
    """A tool that opens a group's file, and sees no other, can name its accounts."""
    current = (demo.settings.published / "current").resolve()
    con = duckdb.connect(str(current / "keyaccounts.duckdb"), read_only=True)
    accounts = con.execute("select * from marts.accounts").fetchall()
    con.close()
    for group in ("account_team", "finance_control", "data_engineering"):
        con = duckdb.connect(str(current / "restricted" / f"{group}.duckdb"), read_only=True)
        assert con.execute("select * from marts.accounts").fetchall() == accounts
        con.close()


def test_old_versions_go_and_current_stays(demo: Demo, tmp_path: Path) -> None:
    few = replace(demo.settings, keep_versions=1)
    run = Run(END, datetime(2026, 11, 2, 3, tzinfo=UTC))
    nightly.publish(few, run, silent)
    versions = [p.name for p in demo.settings.published.iterdir() if p.name[0].isdigit()]
    assert versions == [(demo.settings.published / "current").resolve().name]
