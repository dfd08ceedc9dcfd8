"""Northwind through the whole pipeline: orders are taken as invoices, nothing else is known."""

from __future__ import annotations

import csv
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

import pytest

from keyaccounts.reports.explain import explain, explain_lines
from tests.conftest import SHARED_DATA
from tests.end_to_end.mapping import map_source
from tests.end_to_end.published import Publication, publish_company

NORTHWIND = SHARED_DATA / "northwind"
pytestmark = pytest.mark.skipif(not NORTHWIND.is_dir(), reason="no ../shared/data/northwind")

AS_OF = "1998-05-31"
RECEIVABLE_MARTS = ("receivables_aging", "receivables_open_items", "receivables_reconciliation")


@pytest.fixture(scope="module")
def northwind(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    home = tmp_path_factory.mktemp("northwind")
    source = map_source("northwind", NORTHWIND, home / "source")
    return publish_company(home / "home", source, AS_OF, base_currency="USD")


def _rows(file: str) -> list[dict[str, str]]:
    with (NORTHWIND / file).open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def _line_nets() -> list[tuple[str, str, Decimal]]:
    """Customer, day and net amount of each line, by Python's own decimals."""
    orders = {row["order_id"]: row for row in _rows("orders.csv")}
    cents, places = Decimal("0.01"), Decimal("0.0001")
    lines = []
    for row in _rows("order_details.csv"):
        price = Decimal(row["unit_price"]).quantize(places, ROUND_HALF_UP)
        discount = Decimal(row["discount"]).quantize(places, ROUND_HALF_UP)
        net = (price * int(row["quantity"]) * (1 - discount)).quantize(cents, ROUND_HALF_UP)
        order = orders[row["order_id"]]
        lines.append((order["customer_id"], order["order_date"], net))
    return lines


def test_every_line_lands_and_none_is_held_back(northwind: Publication) -> None:
    landed = {e["entity"]: (e["rows"], e["quarantined"]) for e in northwind.summary["extract"]}
    assert landed["crm_accounts"] == (91, 0)
    assert landed["erp_invoices"] == (830, 0)
    assert landed["erp_invoice_lines"] == (2155, 0)


def test_revenue_is_the_known_total(northwind: Publication) -> None:
    total = northwind.rows("select sum(revenue_amount) from marts.cohort_retention")[0][0]
    assert total == sum(net for _, _, net in _line_nets()) == Decimal("1265793.29")


def test_revenue_by_year_is_the_known_one(northwind: Publication) -> None:
    published = dict(
        northwind.rows(
            "select year(cohort_month + to_months(month_index::integer)), sum(revenue_amount) "
            "from marts.cohort_retention group by all"
        )
    )
    expected: dict[int, Decimal] = defaultdict(Decimal)
    for _, day, net in _line_nets():
        expected[int(day[:4])] += net
    assert published == expected
    known = {1996: "208083.97", 1997: "617085.20", 1998: "440623.87"}
    assert all(abs(published[y] - Decimal(k)) < Decimal("0.30") for y, k in known.items())


def test_tiers_rank_by_revenue_because_no_cost_is_known(northwind: Publication) -> None:
    measures = northwind.rows(
        "select distinct measure_used, cost_coverage_ratio from marts.account_tiers "
        "where cost_coverage_ratio is not null"
    )
    assert measures == [("net_revenue", 0)]
    first = northwind.rows("select min(month_end)::varchar from marts.account_tiers")
    # The first document is of 1996-07-04, so the first full window starts in August 1996.
    assert first == [("1997-07-31",)]


def test_windows_hold_the_twelve_months_of_each_customer(northwind: Publication) -> None:
    published = dict(
        northwind.rows(
            "select tier_unit_id, ttm_net_revenue_amount from marts.account_tiers "
            "where month_end = '1998-04-30' and ttm_net_revenue_amount <> 0"
        )
    )
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for customer, day, net in _line_nets():
        if "1997-05-01" <= day <= "1998-04-30":
            expected[customer] += net
    assert published == expected


def test_the_three_known_giants_are_a(northwind: Publication) -> None:
    tiers = dict(
        northwind.rows(
            "select tier_unit_id, tier from marts.account_tiers where month_end = '1998-05-31'"
        )
    )
    assert len(tiers) == 91
    assert [tiers[name] for name in ("QUICK", "ERNSH", "SAVEA")] == ["A", "A", "A"]
    # Two customers never ordered.
    assert [tiers[name] for name in ("FISSA", "PARIS")] == ["INACTIVE", "INACTIVE"]


def test_every_raw_a_earns_at_least_what_every_b_earns(northwind: Publication) -> None:
    wrong = northwind.rows(
        """
        with spans as (
            select month_end, raw_tier, min(ttm_profit_amount) as low,
                max(ttm_profit_amount) as high
            from marts.account_tiers where raw_tier in ('A', 'B', 'C') group by all
        )
        select * from spans as better join spans as worse
            on better.month_end = worse.month_end and better.raw_tier < worse.raw_tier
        where better.low <= worse.high
        """
    )
    assert wrong == []


@pytest.mark.parametrize("mart", RECEIVABLE_MARTS)
def test_receivables_are_empty_because_payments_are_unknown(
    northwind: Publication, mart: str
) -> None:
    assert northwind.mart_rows(mart) == []


def test_the_bridge_waits_for_a_complete_opening_window(northwind: Publication) -> None:
    # The first opening window that starts after 1996-07-04 ends in July 1997.
    assert northwind.mart_rows("retention_summary") == []


def test_names_of_contacts_are_in_no_published_mart(northwind: Publication) -> None:
    names = {row["contact_name"] for row in _rows("customers.csv")}
    said = {
        value
        for mart in northwind.marts
        for row in northwind.mart_rows(mart)
        for value in row
        if isinstance(value, str)
    }
    assert len(names) == 91
    assert said & names == set()


def test_what_is_not_delivered_is_neither_zero_nor_never(northwind: Publication) -> None:
    """No cost, activity, payment or department of a contact: the screen claims nothing of them."""
    screen = "\n".join(explain_lines(explain(northwind.settings, "QUICK")))
    assert "Net revenue of twelve months 67,493" in screen
    for claim in ("profit 67,493", "talk", "finance department", "Money owed", "None"):
        assert claim not in screen
    page = (northwind.folder / "report.html").read_text("utf-8")
    for part in ("accounts are ranked by revenue", "what is owed is not known",
                 "What it was a year before is not known", "Antonio Moreno Taquería"):  # fmt: skip
        assert part in page
