"""Companies that random ones led to: each came out wrong once, made as small as it gets."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.properties.harness import Builder
from tests.properties.small import account, at, company, invoice

DIFFERENT = """
select check_name from marts.receivables_reconciliation where check_status = 'different'
"""


@pytest.fixture(scope="module")
def builder() -> Builder:
    return Builder()


def test_a_receipt_counts_before_its_account_is_in_the_crm(builder: Builder) -> None:
    receipt = {"payment_id": "R", "account_id": "LATER", "received_date": date(2026, 6, 5),
               "amount": Decimal("120.00")}  # fmt: skip
    inputs = company(
        "2026-06-30",
        [account("A"), account("LATER", created_at=at("2026-07-20"))],
        [invoice("I", "A", "2026-06-01", "500.00")],
        erp_payments=[receipt],
    )
    builder.build({1: inputs}, ["receivables_reconciliation"])
    assert builder.rows(
        "select account_id, unapplied_cash_amount from marts.receivables_aging order by 1"
    ) == [("A", 0), ("LATER", 120)]
    assert builder.rows(DIFFERENT) == []


def test_a_surplus_is_held_in_the_currency_of_its_invoice(builder: Builder) -> None:
    """An invoice in base currency is paid; then a receipt in dollars is applied to it as well."""
    inputs = company(
        "2026-06-30",
        [account("A")],
        [invoice("I", "A", "2026-06-01", "100.00")],
        erp_payments=[
            {"payment_id": "P1", "account_id": "A", "received_date": date(2026, 6, 2),
             "amount": Decimal("100.00")},
            {"payment_id": "P2", "account_id": "A", "received_date": date(2026, 6, 3),
             "amount": Decimal("10.00"), "currency_code": "USD"},
        ],
        erp_payment_applications=[
            {"application_id": f"X{n}", "application_type": "payment",
             "source_document_id": f"P{n}", "invoice_id": "I", "amount": Decimal(amount),
             "applied_date": date(2026, 6, 1 + n)}
            for n, amount in ((1, "100.00"), (2, "70.00"))
        ],
        erp_exchange_rates=[
            {"currency_code": "USD", "rate_date": date(2026, 6, day), "rate_to_base": Decimal(7)}
            for day in (3, 25)
        ],
    )  # fmt: skip
    builder.build({1: inputs}, ["receivables_reconciliation"])
    assert builder.rows(
        "select unapplied_cash_amount, net_receivables_booked_amount, unrealised_fx_amount "
        "from marts.receivables_aging"
    ) == [(70, -70, 0)]
    assert builder.rows(DIFFERENT) == []


def test_a_year_in_which_nobody_bought_is_churn(builder: Builder) -> None:
    inputs = company("2026-06-30", [account("A")], [
        invoice("I1", "A", "2024-07-01", "100.00"), invoice("I2", "A", "2025-01-10", "40.00"),
    ])  # fmt: skip
    builder.build({1: inputs}, ["retention_summary"])
    assert builder.rows(
        "select measure, opening_amount, churn_amount, closing_amount, nrr "
        "from marts.retention_summary where scope_type = 'company' "
        "and month_end = date '2026-06-30' order by measure"
    ) == [("profit", 140, -140, 0, 0), ("revenue", 140, -140, 0, 0)]


def test_an_internal_account_raises_no_alert_from_the_day_on(builder: Builder) -> None:
    """It becomes internal; days later another account changes, which is what the month-end sees."""
    inputs = company(
        "2026-07-01",
        [
            account("A"), account("B"),
            account("A", _load=2, updated_at=at("2026-04-12"), is_internal=True),
            account("B", _load=2, updated_at=at("2026-04-21"), parent_account_id="A"),
        ],
        [
            invoice("I", "A", "2025-12-17", "100.00", due_date=date(2026, 1, 16)),
            invoice("J", "B", "2025-12-17", "100.00", due_date=date(2026, 1, 16)),
        ],
    )  # fmt: skip
    builder.build({1: inputs}, ["alert_events"])
    assert builder.rows(
        "select unit_id, effective_date from marts.alert_events "
        "where alert_type = 'overdue_90_enter'"
    ) == [("B", date(2026, 4, 17))]


def test_who_lapsed_is_told_what_would_bring_the_tier_back(builder: Builder) -> None:
    """A leaves; B earns 100 in the window that A is missing from."""
    inputs = company(
        "2026-06-30",
        [account("A"), account("B")],
        [
            invoice("B0", "B", "2025-04-20", "10.00"), invoice("A1", "A", "2025-06-10", "80.00"),
            invoice("B1", "B", "2025-06-15", "100.00"), invoice("B2", "B", "2026-05-10", "100.00"),
        ],
    )  # fmt: skip
    builder.build({1: inputs}, ["tier_events"])
    # With p more, B stands before A: 100 < 0.8 x (100 + p) from 25.01 on.
    assert builder.rows(
        "select from_tier, profit_to_regain_amount from marts.tier_events "
        "where event_type = 'lapsed' and tier_unit_id = 'A'"
    ) == [("A", Decimal("25.01"))]


@pytest.mark.parametrize("later", ["SOURCE", "A"])
def test_who_comes_after_the_day_is_in_no_referral(builder: Builder, later: str) -> None:
    """A receipt makes it known before it is there."""
    created = {later: at("2026-07-20")}
    receipt = {"payment_id": "R", "account_id": later, "received_date": date(2026, 6, 5),
               "amount": Decimal("120.00")}  # fmt: skip
    accounts = [
        account("OLD"), account("SOURCE", created_at=created.get("SOURCE")),
        account("A", referred_by_account_id="SOURCE", created_at=created.get("A")),
    ]  # fmt: skip
    sale = invoice("I", "OLD", "2024-01-01", "100.00")
    for day, found in (("2026-06-30", []), ("2026-07-31", [("A", "SOURCE")])):
        inputs = company(day, accounts, [sale], erp_payments=[receipt])
        builder.build({1: inputs}, ["referrals"])
        assert builder.rows("select account_id, source_account_id from marts.referrals") == found


def test_who_takes_over_after_the_day_is_no_owner_after(builder: Builder) -> None:
    """The history knows an owner and his going; the account itself begins after the day."""
    history = [
        {"account_id": "A", "field": "owner_user_id", "valid_from": date(2026, 1, day),
         "value": value}
        for day, value in ((5, "U1"), (20, None))
    ]  # fmt: skip
    accounts = [
        account("OLD"),
        account("A", owner_user_id="U2", created_at=at("2025-01-01"), updated_at=at("2026-07-20")),
    ]
    users = [
        {"user_id": name, "user_name": name, "is_active": True, "_load": 1, "updated_at": None,
         "landed_as_of": at("2023-01-01")}
        for name in ("U1", "U2")
    ]  # fmt: skip
    sale = invoice("I", "OLD", "2024-01-01", "100.00")
    for day, after in (("2026-06-30", None), ("2026-07-31", "U2")):
        inputs = company(day, accounts, [sale], crm_users=users, crm_account_history=history)
        builder.build({1: inputs}, ["owner_turnover"])
        assert builder.rows(
            "select changed_date, change_type, new_owner_user_id from marts.owner_turnover "
            "where account_id = 'A' and changed_date = date '2026-01-20'"
        ) == [(date(2026, 1, 20), "no_owner", after)]
