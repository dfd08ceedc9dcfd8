"""Influence of units at its boundaries: expired ratings, circles, ties, late followers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.properties.candidate_rules import FIRST
from tests.properties.harness import Builder, Inputs, Row
from tests.properties.small import account, at, company, invoice

DAY = "2026-06-30"


@pytest.fixture(scope="module")
def builder() -> Builder:
    return Builder()


def said(builder: Builder, inputs: Inputs, *columns: str, day: str = DAY) -> dict[str, tuple]:
    """Return columns of the units at a month-end."""
    builder.build({1: inputs}, ["int_candidates__influence"])
    rows = builder.rows(
        f"select tier_unit_id, {', '.join(columns)} from intermediate.int_candidates__influence "
        f"where month_end = date '{day}'"
    )
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: row[1:] for row in rows}


def rated(name: str, score: int, day: str, **more: object) -> Row:
    return account(name, influence_score=score, influence_rated_on=date.fromisoformat(day), **more)


OLD = invoice("OLD", "OLD", "2024-01-01", "100.00")


@pytest.mark.parametrize(
    ("day", "expired", "fresh"),
    [("2026-06-30", "2025-06-30", "2025-07-01"), ("2026-02-28", "2025-02-28", "2025-03-01")],
)
def test_a_rating_counts_for_twelve_months(
    builder: Builder, day: str, expired: str, fresh: str
) -> None:
    accounts = [
        account("OLD"), rated("EXPIRED", 5, expired), rated("FRESH", 5, fresh),
        rated("TODAY", 4, day), rated("TOMORROW", 5, "2026-07-01"), rated("NOTHING", 0, fresh),
        account("NO-DAY", influence_score=5),
    ]  # fmt: skip
    assert said(builder, company(DAY, accounts, [OLD]), "influence_score", day=day) == {
        "OLD": (None,), "EXPIRED": (None,), "FRESH": (5,), "TODAY": (4,), "TOMORROW": (None,),
        "NOTHING": (0,), "NO-DAY": (None,),
    }  # fmt: skip


def test_a_unit_has_the_best_rating_of_its_external_accounts(builder: Builder) -> None:
    accounts = [
        account("OLD"), rated("TOP", 2, "2026-01-10"),
        rated("SITE", 4, "2026-02-10", parent_account_id="TOP"),
        rated("STALE", 5, "2025-02-10", parent_account_id="TOP"),
        rated("OURS", 5, "2026-02-10", parent_account_id="TOP", is_internal=True),
        rated("AGAIN", 5, "2026-01-10"),
        {**rated("AGAIN", 1, "2026-06-30"), "_load": 2, "updated_at": at("2026-06-29T20:00")},
    ]  # fmt: skip
    inputs = company(DAY, accounts, [OLD])
    assert said(builder, inputs, "influence_score") == {
        "OLD": (None,), "TOP": (4,), "AGAIN": (1,)}  # fmt: skip
    rules = {**inputs.rules, "candidate_config": [
        FIRST, {**FIRST, "valid_from": "2026-06-30", "influence_months": 5}]}  # fmt: skip
    shorter = replace(inputs, rules=rules)
    assert said(builder, shorter, "influence_score")["TOP"] == (4,)
    assert said(builder, shorter, "influence_score", day="2026-05-31") == {
        "OLD": (None,), "TOP": (4,), "AGAIN": (5,)}  # fmt: skip
    rules["candidate_config"][1]["influence_months"] = 4
    assert said(builder, shorter, "influence_score")["TOP"] == (None,)


def test_each_account_is_credited_once_to_the_unit_of_its_source(builder: Builder) -> None:
    """Circles, itself, the own group, unknown and internal accounts do no harm."""
    accounts = [
        account("OLD"), account("SELF", referred_by_account_id="SELF"),
        account("A", referred_by_account_id="B"), account("B", referred_by_account_id="A"),
        account("SITE", parent_account_id="A", referred_by_account_id="A"),
        account("C", referred_by_account_id="SITE"),
        account("LOST", referred_by_account_id="NOBODY"),
        account("OURS", is_internal=True, referred_by_account_id="A"),
        account("D", referred_by_account_id="OURS"),
        account("E", referred_by_account_id="C"),
        account("E-OLD", merged_into_account_id="E", referred_by_account_id="C"),
    ]  # fmt: skip
    names = ("SELF", "A", "B", "SITE", "C", "LOST", "OURS", "D", "E", "E-OLD")
    sales = [
        invoice(name, name, "2026-06-30", f"{2**place}.00") for place, name in enumerate(names)
    ]
    inputs = company(DAY, accounts, [OLD, *sales])
    assert said(builder, inputs, "referred_accounts_count", "referred_profit_amount") == {
        "OLD": (0, 0), "SELF": (0, 0), "A": (2, 4 + 16), "B": (1, 2), "C": (1, 256 + 512),
        "LOST": (0, 0), "D": (0, 0), "E": (0, 0),
    }  # fmt: skip


def test_profit_is_unknown_where_no_account_names_a_source(builder: Builder) -> None:
    later = {"_load": 2, "updated_at": at("2026-06-29T16:00")}
    accounts = [account("OLD"), account("A"), account("A", referred_by_account_id="OLD", **later)]
    inputs = company(DAY, accounts, [OLD, invoice("I", "A", "2026-06-01", "-7.00")])
    columns = ("referred_accounts_count", "referred_profit_amount")
    # The version of the evening in UTC is that of the month-end here.
    assert said(builder, inputs, *columns)["OLD"] == (1, -7)
    assert said(builder, inputs, *columns, day="2026-05-31") == {"OLD": (0, None)}


@pytest.mark.parametrize("later", ["OLD", "A"])
def test_who_comes_later_is_no_referral_yet(builder: Builder, later: str) -> None:
    created = {later: at("2026-06-30T15:59:59")}
    accounts = [
        account("FIRST"), account("OLD", created_at=created.get("OLD")),
        account("A", referred_by_account_id="OLD", created_at=created.get("A")),
    ]  # fmt: skip
    sale = invoice("I", "FIRST", "2024-01-01", "100.00")
    columns = ("referred_accounts_count", "referred_profit_amount")
    found = said(builder, company(DAY, accounts, [sale]), *columns)
    assert found == {"FIRST": (0, 0), "OLD": (1, 0), "A": (0, 0)}
    found = said(builder, company(DAY, accounts, [sale]), *columns, day="2026-05-31")
    assert set(found.values()) == {(0, None)}
    assert later not in found


def test_followers_come_within_twenty_four_months(builder: Builder) -> None:
    """The opener first buys on a leap day; 24 months later is the last day of February."""
    industry = {"industry_code": "I1"}
    days = {"A": "2024-02-29", "SAME": "2024-02-29", "NEXT": "2024-03-01", "LAST": "2026-02-28",
            "LATE": "2026-03-01", "SITE": "2024-05-01"}  # fmt: skip
    accounts = [account("OLD"), *(account(name, **industry) for name in days)]
    accounts[-1]["parent_account_id"] = "A"
    sales = [invoice(name, name, day, "10.00") for name, day in days.items()]
    inputs = company("2026-03-31", accounts, [OLD, *sales])
    columns = ("opened_industry_code", "followers_count")
    nothing = (None, None)
    # A site of the opener brings nobody in for it, and somebody for who opened on the same day.
    assert said(builder, inputs, *columns, day="2026-03-31") == {
        "OLD": nothing, "A": ("I1", 2), "SAME": ("I1", 3), "NEXT": nothing, "LAST": nothing,
        "LATE": nothing,
    }  # fmt: skip
    assert said(builder, inputs, *columns, day="2026-02-28")["SAME"] == ("I1", 3)
    assert said(builder, inputs, *columns, day="2026-01-31")["SAME"] == ("I1", 2)


def test_an_industry_is_opened_by_a_purchase_that_stands(builder: Builder) -> None:
    """Credits, what was reversed in full, and internal accounts open nothing."""
    accounts = [
        account("OLD"), account("NOTE", industry_code="I2"), account("BACK", industry_code="I2"),
        account("OURS", industry_code="I2", is_internal=True), account("A", industry_code="I2"),
        account("A1", industry_code="I1", parent_account_id="A"),
        account("MOVED", industry_code="I0"),
        account("MOVED", industry_code="I9", _load=2, updated_at=at("2026-06-30")),
    ]  # fmt: skip
    note = {"document_type": "credit_note"}
    inputs = company(DAY, accounts, [
        OLD, invoice("N", "NOTE", "2024-03-01", "-5.00", **note),
        invoice("R", "BACK", "2024-03-02", "50.00", order_id="O"),
        invoice("RN", "BACK", "2026-06-30", "-50.00", order_id="O", **note),
        invoice("I", "OURS", "2024-03-03", "50.00"), invoice("2", "A", "2024-06-01", "50.00"),
        invoice("1", "A1", "2026-06-30", "50.00"), invoice("M", "MOVED", "2024-07-01", "50.00"),
    ])  # fmt: skip
    opened = said(builder, inputs, "opened_industry_code", "followers_count")
    assert opened == {
        "OLD": (None, None), "NOTE": (None, None), "BACK": (None, None), "A": ("I1", 0),
        "MOVED": ("I9", 0),
    }  # fmt: skip
    before = said(builder, inputs, "opened_industry_code", day="2026-05-31")
    assert (before["A"], before["MOVED"]) == (("I2",), ("I0",))


def test_what_was_introduced_is_told_in_base_currency(builder: Builder) -> None:
    accounts = [account("OLD"), account("A", referred_by_account_id="OLD")]
    rate = {"currency_code": "USD", "rate_date": date(2026, 6, 1), "rate_to_base": Decimal(7)}
    inputs = company(
        DAY, accounts, [OLD, invoice("I", "A", "2026-06-01", "100.00", currency_code="USD")],
        erp_exchange_rates=[rate],
    )  # fmt: skip
    assert said(builder, inputs, "referred_profit_amount") == {"OLD": (700,), "A": (0,)}
