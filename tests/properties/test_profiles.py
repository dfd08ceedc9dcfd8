"""Manual values of accounts by a company's own dated rules: ratings, wallets, triage, coverage."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.properties.candidate_rules import FIRST
from tests.properties.harness import Builder, Inputs, Row
from tests.properties.small import account, at, company, invoice

DAY, DAYS = "2026-06-30", date(2026, 6, 30)


@pytest.fixture(scope="module")
def builder() -> Builder:
    return Builder()


def by_rules(inputs: Inputs, *rules: Row) -> Inputs:
    """Return the company with rules of its own, each by what it changes."""
    return replace(inputs, rules={**inputs.rules, "candidate_config": [FIRST | r for r in rules]})


def said(builder: Builder, inputs: Inputs, *columns: str) -> dict[str, tuple]:
    """Return columns of `accounts`."""
    builder.build({1: inputs}, ["accounts"])
    return {
        row[0]: row[1:]
        for row in builder.rows(f"select account_id, {', '.join(columns)} from marts.accounts")
    }


def rated(name: str, score: int, day: str, **more: object) -> Row:
    return account(name, influence_score=score, influence_rated_on=date.fromisoformat(day), **more)


def estimated(name: str, amount: str, day: str) -> Row:
    wallet = {"wallet_amount": Decimal(amount), "wallet_as_of_date": date.fromisoformat(day)}
    return account(name, **wallet)


OLD = invoice("OLD", "OLD", "2024-01-01", "100.00")


def test_the_rules_of_the_day_say_who_is_a_reference(builder: Builder) -> None:
    accounts = [
        account("OLD"), rated("THREE", 3, "2026-05-01"), rated("FOUR", 4, "2026-05-01"),
        rated("AGED", 5, "2026-03-30"), rated("STALE", 5, "2025-06-30"),
        rated("TOMORROW", 5, "2026-07-01"),
    ]  # fmt: skip
    inputs = company(DAY, accounts, [OLD])
    none, reference = (None, 0), ("reference", Decimal("0.2"))
    rated_low = (None, Decimal("0.2"))
    assert said(builder, inputs, "key_account_basis", "coverage_ratio") == {
        "OLD": none, "THREE": rated_low, "FOUR": reference, "AGED": reference, "STALE": none,
        "TOMORROW": none,
    }  # fmt: skip
    changed = {"valid_from": DAY, "minimum_influence_score": 3, "influence_months": 3}
    stricter = by_rules(inputs, {}, changed)
    assert said(builder, stricter, "key_account_basis", "coverage_ratio") == {
        "OLD": none, "THREE": reference, "FOUR": reference, "AGED": none, "STALE": none,
        "TOMORROW": none,
    }  # fmt: skip
    later = by_rules(inputs, {}, {**changed, "valid_from": "2026-07-01"})
    assert said(builder, later, "key_account_basis")["AGED"] == ("reference",)


def test_the_rules_of_the_day_say_who_is_exclusive(builder: Builder) -> None:
    """The limit is met on exact amounts: 0.8999999 is published as 0.9 and is shared."""
    accounts = [
        account("OLD"), estimated("MET", "100.00", "2026-05-01"),
        estimated("NEAR", "10000000.00", "2026-05-01"), estimated("FEW", "900.00", "2026-05-01"),
        estimated("AGED", "100.00", "2026-03-30"), estimated("STALE", "100.00", "2025-06-30"),
        estimated("TOMORROW", "100.00", "2026-07-01"), account("NONE"),
    ]  # fmt: skip
    sales = dict.fromkeys(("MET", "FEW", "AGED", "STALE", "TOMORROW", "NONE"), "90.00")
    sales["NEAR"] = "8999999.00"
    inputs = company(DAY, accounts, [
        OLD, *(invoice(name, name, "2026-06-01", amount) for name, amount in sales.items())
    ])  # fmt: skip
    unknown, tenth = ("not_assessed", None, 0), Decimal("0.1")
    held = Decimal("0.2")
    first = {
        "OLD": unknown, "MET": ("exclusive", Decimal("0.9"), held),
        "NEAR": ("shared", Decimal("0.9"), held), "FEW": ("shared", tenth, held),
        "AGED": ("exclusive", Decimal("0.9"), held), "STALE": unknown, "TOMORROW": unknown,
        "NONE": unknown,
    }  # fmt: skip
    columns = ("exclusivity", "wallet_share_ratio", "coverage_ratio")
    assert said(builder, inputs, *columns) == first
    own = by_rules(
        inputs, {}, {"valid_from": DAY, "exclusive_wallet_share": "0.1000", "wallet_months": 3}
    )
    assert said(builder, own, *columns) == {
        **first, "NEAR": ("exclusive", Decimal("0.9"), held), "FEW": ("exclusive", tenth, held),
        "AGED": unknown,
    }  # fmt: skip


def test_the_rules_of_the_month_say_which_loss_is_a_reference(builder: Builder) -> None:
    """Units that only return goods: no candidates, and a loss at every month-end from April on."""
    names = ("THREE", "FOUR", "AGED", "NEVER")
    accounts = [
        account("OLD"), rated("THREE", 3, "2026-05-01"), rated("FOUR", 4, "2026-05-01"),
        rated("AGED", 5, "2025-10-30"), account("NEVER"),
    ]  # fmt: skip
    returned = {"document_type": "credit_note"}
    inputs = company(DAY, accounts, [
        OLD, invoice("B", "OLD", "2026-06-01", "900.00"),
        *(invoice(name, name, "2026-04-10", "-10.00", **returned) for name in names),
    ])  # fmt: skip
    columns = "tier_unit_id, triage"

    def triage(by: Inputs, day: str) -> dict[str, str]:
        builder.build({1: by}, ["account_tiers"])
        where = f"month_end = date '{day}' and tier_unit_id <> 'OLD'"
        return dict(builder.rows(f"select {columns} from marts.account_tiers where {where}"))

    exit_, loss = "review_exit", "watch_loss"
    first = {"THREE": exit_, "FOUR": loss, "AGED": loss, "NEVER": exit_}
    assert triage(inputs, "2026-05-31") == first
    own = by_rules(
        inputs, {}, {"valid_from": DAY, "minimum_influence_score": 3, "influence_months": 8}
    )
    assert triage(own, "2026-05-31") == first
    assert triage(own, DAY) == {"THREE": loss, "FOUR": loss, "AGED": exit_, "NEVER": exit_}


def test_the_rules_of_the_day_say_what_has_expired(builder: Builder) -> None:
    both = {**rated("A", 2, "2026-03-30"), "wallet_amount": Decimal(1),
            "wallet_as_of_date": date(2026, 4, 30), "created_at": at("2024-01-01")}  # fmt: skip
    inputs = company(DAY, [both], [invoice("I", "A", "2024-01-01", "100.00")])

    def counted(by: Inputs) -> list[tuple]:
        builder.build({1: by}, ["data_coverage"])
        return builder.rows(
            "select column_name, known_count, expired_count from marts.data_coverage "
            "where column_name in ('influence_score', 'wallet_amount') order by 1"
        )

    assert counted(inputs) == [("influence_score", 1, 0), ("wallet_amount", 1, 0)]
    own = by_rules(inputs, {}, {"valid_from": DAY, "influence_months": 3, "wallet_months": 3})
    assert counted(own) == [("influence_score", 0, 1), ("wallet_amount", 1, 0)]
    own = by_rules(inputs, {}, {"valid_from": DAY, "influence_months": 4, "wallet_months": 2})
    assert counted(own) == [("influence_score", 1, 0), ("wallet_amount", 0, 1)]
