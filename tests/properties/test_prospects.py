"""Prospects of units at their boundaries: shares of adopters, launches, windows of growth."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.properties.candidate_rules import FIRST
from tests.properties.harness import Builder, Inputs, Row
from tests.properties.small import account, at, company, invoice

DAY = "2026-06-30"
OLD = invoice("OLD", "OLD", "2024-01-01", "100.00")


@pytest.fixture(scope="module")
def builder() -> Builder:
    return Builder()


def said(builder: Builder, inputs: Inputs, column: str, day: str = DAY) -> dict[str, object]:
    """Return a column of the units at a month-end."""
    builder.build({1: inputs}, ["int_candidates__prospects"])
    rows = builder.rows(
        f"select tier_unit_id, {column} from intermediate.int_candidates__prospects "
        f"where month_end = date '{day}'"
    )
    assert len({row[0] for row in rows}) == len(rows)
    return dict(rows)


def product(name: str, launched: str | None, family: str = "pumps") -> Row:
    day = launched and date.fromisoformat(launched)
    return {"product_id": name, "product_family": family, "launch_date": day}


def adopters(count: int, ties: int = 0) -> Inputs:
    """Return so many units that buy a launch day after day, the first ones on the same day."""
    names = [f"A{n:02}" for n in range(count)]
    sales = [
        invoice(name, name, str(date(2026, 1, 1) + timedelta(days=max(place, ties))), "10.00",
                product_id="NEW")
        for place, name in enumerate(names)
    ]  # fmt: skip
    return company(
        DAY, [account("OLD"), *map(account, names)], [OLD, *sales],
        erp_products=[product("NEW", "2026-01-01")],
    )  # fmt: skip


# Adopters, how many beside the first share its day, and what comes of them: 1 of 40 is exactly
# 2.5 %, 4 of 25 exactly 16 %; who share the first day share rank 1, and the next has rank 5.
CROWDS = [
    (40, 0, 1, 5), (39, 0, 0, 6), (25, 0, 0, 4), (24, 0, 0, 3), (6, 0, 0, 0), (25, 3, 0, 4),
    (40, 7, 8, 0),
]  # fmt: skip


def test_adopters_are_classed_by_their_rank() -> None:
    builder = Builder(is_keyed=True)
    companies = {n: adopters(count, ties) for n, (count, ties, _, _) in enumerate(CROWDS)}
    builder.build(companies, ["int_candidates__prospects"])
    for n, (count, _, innovators, early) in enumerate(CROWDS):
        classes = builder.rows(
            "select adopter_class from intermediate.int_candidates__prospects "
            f"where company = {n} and month_end = date '{DAY}' and tier_unit_id <> 'OLD' "
            "order by tier_unit_id"
        )
        assert [c for (c,) in classes] == (
            ["innovator"] * innovators + ["early_adopter"] * early
            + ["later"] * (count - innovators - early)
        ), CROWDS[n]  # fmt: skip


def test_a_class_rests_on_the_adopters_of_the_month_end(builder: Builder) -> None:
    inputs = adopters(40)
    # A month-end sees its own day: 31 of the 40 in January, and 1 of 31 is no innovator.
    first, last = (
        said(builder, inputs, "adopter_class", day=day) for day in ("2026-01-31", "2026-02-28")
    )
    assert (first["A00"], first["A03"], first["A04"]) == ("early_adopter", "early_adopter", "later")
    assert (first["A30"], last["A00"], last["A05"]) == ("later", "innovator", "early_adopter")
    assert "A31" not in first or first["A31"] == "no_launch_bought"
    looser = {**FIRST, "valid_from": "2026-02-28", "innovator_share": "0.0500"}
    rules = {**inputs.rules, "candidate_config": [FIRST, looser]}
    changed = replace(inputs, rules=rules)
    assert said(builder, changed, "adopter_class", day="2026-01-31") == first
    last = said(builder, changed, "adopter_class", day="2026-02-28")
    assert (last["A01"], last["A02"]) == ("innovator", "early_adopter")


def test_launches_of_twenty_four_complete_months_count(builder: Builder) -> None:
    """Bought before the launch is bought; a launch after the month-end is none yet."""
    launches = {"OUT": "2024-06-30", "FIRST": "2024-07-01", "LAST": "2026-06-30",
                "NEXT": "2026-07-01", "NONE": None}  # fmt: skip
    sales = [
        invoice(name, name, "2024-06-01", "10.00", product_id=name) for name in launches
    ]  # fmt: skip
    inputs = company(
        DAY, [account("OLD"), *map(account, launches)], [OLD, *sales],
        erp_products=[product(*launch) for launch in launches.items()],
    )  # fmt: skip
    everybody = {"innovator_share": "0.5000", "early_adopter_share": "1.0000"}
    rules = {**inputs.rules, "candidate_config": [{**FIRST, **everybody}]}
    inputs = replace(inputs, rules=rules)
    none, bought = "no_launch_bought", "early_adopter"
    assert said(builder, inputs, "adopter_class") == {
        "OLD": none, "OUT": none, "FIRST": bought, "LAST": bought, "NEXT": none, "NONE": none,
    }  # fmt: skip
    assert said(builder, inputs, "adopter_class", day="2026-05-31") == {
        "OLD": none, "OUT": bought, "FIRST": bought, "LAST": none, "NEXT": none, "NONE": none,
    }  # fmt: skip


def test_what_is_free_reversed_or_internal_is_no_adoption(builder: Builder) -> None:
    """A group adopts once, with the first of its members, by the hierarchy of the month-end."""
    accounts = [
        account("OLD"), account("FREE"), account("BACK"), account("OURS", is_internal=True),
        account("A"), account("SITE"), account("B"),
        account("SITE", parent_account_id="A", _load=2, updated_at=at("2026-06-30")),
    ]  # fmt: skip
    new = {"product_id": "NEW"}
    inputs = company(
        DAY, accounts,
        [
            OLD, invoice("F", "FREE", "2026-01-01", "10.00"),
            invoice("R", "BACK", "2026-01-02", "10.00", order_id="O", **new),
            invoice("RN", "BACK", "2026-01-03", "-10.00", order_id="O",
                    document_type="credit_note", **new),
            invoice("I", "OURS", "2026-01-04", "10.00", **new),
            invoice("S", "SITE", "2026-01-05", "10.00", **new),
            invoice("B", "B", "2026-01-06", "10.00", **new),
            invoice("A", "A", "2026-06-30", "10.00", **new),
        ],
        erp_products=[product("NEW", "2026-01-01")],
        erp_invoice_lines=[
            {"invoice_line_id": f"F{n}", "invoice_id": "F", "product_id": "NEW",
             "net_amount": Decimal(amount)} for n, amount in enumerate(("0.00", "-1.00"))
        ],
    )  # fmt: skip
    half = {**FIRST, "innovator_share": "0.3333", "early_adopter_share": "0.5000"}
    inputs = replace(inputs, rules={**inputs.rules, "candidate_config": [half]})
    none = "no_launch_bought"
    assert said(builder, inputs, "adopter_class") == {
        "OLD": none, "FREE": none, "BACK": none, "A": "early_adopter", "B": "later"}  # fmt: skip
    assert said(builder, inputs, "adopter_class", day="2026-05-31") == {
        "OLD": none, "FREE": none, "BACK": none, "SITE": "early_adopter", "B": "later"}  # fmt: skip


@pytest.mark.parametrize(("first", "growth"), [("2024-07-01", Decimal(1)), ("2024-07-02", None)])
def test_growth_needs_a_whole_prior_year(
    builder: Builder, first: str, growth: Decimal | None
) -> None:
    inputs = company(DAY, [account("A")], [
        invoice("1", "A", first, "30.00", product_id="P"),
        invoice("2", "A", "2025-06-30", "20.00", product_id="Q"),
        invoice("3", "A", "2025-07-01", "60.00", product_id="P"),
        invoice("4", "A", "2026-06-30", "40.00", product_id="R"),
    ], erp_products=[product("P", None, "pumps"), product("Q", None, "valves"),
                     product("R", None, "belts")])  # fmt: skip
    assert said(builder, inputs, "purchase_growth_ratio") == {"A": growth}
    assert said(builder, inputs, "breadth_growth_count") == {"A": None if growth is None else 0}


def test_growth_from_nothing_or_from_credits_is_unknown(builder: Builder) -> None:
    """A unit counts with the members of the month-end in both years; internal ones never."""
    note = {"document_type": "credit_note"}
    accounts = [
        account("OLD"), account("NEW"), account("EVEN"), account("NOTE"), account("LOST"),
        account("TOP"), account("SITE", parent_account_id="TOP"),
        account("OURS", parent_account_id="TOP", is_internal=True), account("EMPTY"),
    ]  # fmt: skip
    inputs = company(DAY, accounts, [
        OLD, invoice("1", "NEW", "2026-01-01", "10.00"),
        invoice("2", "EVEN", "2025-01-01", "10.00"),
        invoice("3", "EVEN", "2025-01-01", "-10.00", **note),
        invoice("4", "NOTE", "2025-01-01", "-10.00", **note),
        invoice("5", "NOTE", "2026-01-01", "10.00"), invoice("6", "LOST", "2025-01-01", "10.00"),
        invoice("7", "TOP", "2025-01-01", "30.00"), invoice("8", "SITE", "2026-01-01", "20.00"),
        invoice("9", "SITE", "2026-01-01", "-25.00", **note),
        invoice("0", "OURS", "2026-01-01", "90.00"),
    ])  # fmt: skip
    assert said(builder, inputs, "purchase_growth_ratio") == {
        "OLD": None, "NEW": None, "EVEN": None, "NOTE": None, "LOST": -1,
        "TOP": Decimal("-1.166667"), "EMPTY": None,
    }  # fmt: skip


def test_breadth_counts_families_of_both_years(builder: Builder) -> None:
    days = {"2024-06-30": "a", "2024-07-01": "b", "2025-06-30": "c", "2025-07-01": "d",
            "2025-08-01": "d", "2026-06-30": "e"}  # fmt: skip
    sales = [
        invoice(day, "A", day, "10.00", product_id=family) for day, family in days.items()
    ]  # fmt: skip
    sales += [
        invoice("S", "SITE", "2026-02-01", "10.00", product_id="e"),
        invoice("U", "A", "2026-02-01", "10.00"),
        invoice("N", "A", "2026-02-01", "-10.00", product_id="f", document_type="credit_note"),
        invoice("D", "SITE", "2026-02-01", "10.00", product_id="g"),
        invoice("B", "SITE", "2024-09-01", "10.00", product_id="b"),
        invoice("O", "OURS", "2026-02-01", "10.00", product_id="h"),
    ]
    accounts = [
        account("OLD"), account("A"), account("SITE", parent_account_id="A"),
        account("OURS", parent_account_id="A", is_internal=True),
    ]  # fmt: skip
    products = [product(family, None, family) for family in "abcdefgh"]
    inputs = company(DAY, accounts, [OLD, *sales], erp_products=products)
    # d, e and g against b and c.
    assert said(builder, inputs, "breadth_growth_count") == {"OLD": 0, "A": 1}


def test_the_score_of_growth_is_the_best_of_its_day(builder: Builder) -> None:
    accounts = [
        account("OLD"), account("A", own_growth_score=3),
        account("SITE", parent_account_id="A", own_growth_score=4),
        account("OURS", parent_account_id="A", is_internal=True, own_growth_score=5),
        account("SITE", parent_account_id="A", own_growth_score=0, _load=2,
                updated_at=at("2026-06-30")),
        account("ZERO", own_growth_score=0),
    ]  # fmt: skip
    inputs = company(DAY, accounts, [OLD])
    assert said(builder, inputs, "own_growth_score") == {"OLD": None, "A": 3, "ZERO": 0}
    before = said(builder, inputs, "own_growth_score", day="2026-05-31")
    assert before == {"OLD": None, "A": 4, "ZERO": 0}


def test_a_score_of_growth_counts_for_twelve_months_and_without_a_day_always(
    builder: Builder,
) -> None:
    days = {"OLD": "2025-06-30", "LAST": "2025-07-01", "AHEAD": "2026-07-01", "ALWAYS": None}
    accounts = [
        account(name, own_growth_score=4, own_growth_rated_on=day and date.fromisoformat(day))
        for name, day in days.items()
    ]
    inputs = company(DAY, accounts, [OLD])
    found = said(builder, inputs, "own_growth_score")
    assert found == {"OLD": None, "LAST": 4, "AHEAD": None, "ALWAYS": 4}
