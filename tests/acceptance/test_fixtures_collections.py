"""The fixtures on collection pass through the real dbt models (semantics, ruling 27)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import loaders_collections
from tests.acceptance.loaders import read
from tests.acceptance.test_fixtures import compare
from tests.conftest import Warehouse

Company = Callable[..., Warehouse]
HEADER = "valid_from,period_months,simple_lookback_months,countback_lookback_months"
CEI = {
    "case_id": "scope_id", "period_days": "period_days", "cei_pct": "cei_pct",
    "dso_simple_days": "dso_period_days", "bpdso_days": "bpdso_days", "add_days": "add_days",
    "overdue_share": "overdue_ratio",
}  # fmt: skip
STOCKS = {
    "case_id": "scope_id", "period_start": "period_from", "period_end": "as_of_date",
    "beginning_ar": "beginning_receivables_amount", "credit_sales": "credit_sales_amount",
    "ending_total_ar": "ending_receivables_amount", "ending_current_ar": "ending_current_amount",
}  # fmt: skip
DSO = {
    "case_id": "scope_id", "as_of_date": "as_of_date", "dso_countback_days": "dso_countback_days",
    "is_truncated": "is_truncated", "uncovered_ar": "uncovered_amount",
    "dso_simple_days": "dso_simple_days",
}  # fmt: skip


def rules(folder: Path, *numbers: int) -> str:
    """Write own rules: months of the period, of the simple DSO and of the countback."""
    folder.mkdir()
    row = ",".join(map(str, ("1900-01-01", *numbers)))
    (folder / "collection_rules.csv").write_text(f"{HEADER}\n{row}\n", encoding="utf-8")
    return str(folder)


def of_scopes(built: Warehouse, scope_type: str) -> list[dict[str, Any]]:
    """Return the rows of the scopes of a type, in order."""
    return built.records(
        "select *, cei * 100 as cei_pct from marts.collection_metrics "
        f"where scope_type = '{scope_type}' order by scope_id, as_of_date"
    )


@pytest.mark.fixture("collection_metrics")
@pytest.mark.parametrize("months", [1, 3])
def test_cei(company: Company, tmp_path: Path, months: int) -> None:
    periods = sorted(
        (
            r
            for r in read("cei", "input_periods")
            if (r["case_id"] == "q1_textbook") == (months == 3)
        ),
        key=lambda r: r["case_id"],
    )
    cases = [r["case_id"] for r in periods]
    expected = {r["case_id"]: r for r in read("cei", "expected_metrics")}
    built = company(
        partial(loaders_collections.cei, cases=cases), max(r["period_end"] for r in periods),
        rules_dir=rules(tmp_path / "rules", months, 3, 12),
    )  # fmt: skip
    ends = {(r["case_id"], r["period_end"]) for r in periods}
    for scope_type in ("account", "channel"):
        rows = of_scopes(built, scope_type)
        found = [r for r in rows if (r["scope_id"], str(r["as_of_date"])) in ends]
        compare(found, periods, STOCKS)
        compare(found, [expected[case] for case in cases], CEI)


@pytest.mark.fixture("collection_metrics")
@pytest.mark.parametrize("day", ["2026-03-31", "2026-03-15"])
def test_dso_countback(company: Company, tmp_path: Path, day: str) -> None:
    expected = [r for r in read("dso_countback", "expected_dso") if r["as_of_date"] == day]
    (months,) = {int(r["lookback_months"]) for r in read("dso_countback", "input_cases")}
    built = company(
        partial(loaders_collections.dso_countback, day=day), day,
        rules_dir=rules(tmp_path / "rules", 1, months, months),
    )  # fmt: skip
    for scope_type in ("account", "channel"):
        rows = of_scopes(built, scope_type)
        compare([r for r in rows if r["is_latest"]], expected, DSO)
