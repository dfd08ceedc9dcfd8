"""The fixture `owner_drag`, and small companies around it, pass through the real dbt models."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import loaders, loaders_control
from tests.acceptance.loaders_control import DAY, invoice, ledger
from tests.acceptance.test_fixtures import Company, compare

COLUMNS = {
    "owner_id": "owner_user_id", "n_accounts": "accounts_count",
    "gross_open_ar": "gross_open_amount", "overdue_ratio": "overdue_ratio",
    "expected_overdue_ratio": "expected_overdue_ratio", "drag": "drag_ratio",
    "unapplied_cash_over_30d": "unapplied_over_30d_amount",
    "unapplied_ratio": "unapplied_over_30d_ratio", "needs_review": "is_review_needed",
    "reasons": "reasons",
}  # fmt: skip


@pytest.mark.fixture("account_alerts", "alert_events", "owner_receivables")
def test_owner_drag(company: Company) -> None:
    built = company(loaders_control.owner_drag, str(DAY))
    found = built.records(
        "select * from marts.owner_receivables where is_latest order by owner_user_id"
    )
    compare(found, loaders.read("owner_drag", "expected_owner"), COLUMNS)
    assert {r["benchmark_coverage_ratio"] for r in found} == {Decimal(1)}
    alerts = built.records("select * from marts.alert_events where alert_type like '%_review'")
    # Cash of 60 against 500 open at a2, nothing else passes a limit.
    assert {(a["alert_type"], a["unit_id"], a["severity"]) for a in alerts} == {
        ("owner_drag_review", "am1", "high"), ("cash_control_review", "a2", "high"),
    }  # fmt: skip
    assert {a["audience"] for a in alerts} == {"finance_control"}
    assert not built.rows("select * from marts.account_alerts where alert_type like '%_review'")


def _accounts(folder: Path, rows: list[dict[str, object]]) -> None:
    loaders.write(folder, "crm_accounts", [{"account_name": r["account_id"], **r} for r in rows])


def test_a_channel_without_other_owners_neither_raises_nor_lowers_the_drag(
    company: Company,
) -> None:
    """Of am1's 4,000 a half stands in a channel of his own, all of it overdue (8.13)."""

    def write(folder: Path) -> None:
        rows = [("a1", "am1", "direct", 500, 500), ("a2", "am1", "direct", 1500, 500),
                ("a3", "am1", "export", 2000, 2000), ("b1", "am2", "direct", 1000, 200),
                ("c1", "am3", "online", 700, 70)]  # fmt: skip
        _accounts(folder, [
            {"account_id": a, "owner_user_id": o, "channel": c} for a, o, c, _, _ in rows
        ])  # fmt: skip
        ledger(folder, [
            invoice(f"{a}-{part}", a, DAY - timedelta(days=days), amount)
            for a, _, _, gross, late in rows
            for part, amount, days in (("late", late, 40), ("open", gross - late, 5))
            if amount
        ])  # fmt: skip

    built = company(write, str(DAY))
    found = built.rows(
        "select owner_user_id, overdue_ratio, expected_overdue_ratio, drag_ratio, "
        "benchmark_coverage_ratio, reasons from marts.owner_receivables where is_latest order by 1"
    )
    # am1: expected (2000 x 0.2 + 2000) / 4000; am2: all of his is in am1's channel; am3: unknown.
    assert [tuple(map(_plain, r)) for r in found] == [
        ("am1", "0.750000", "0.600000", "0.150000", "0.500000", "overdue_above_peers"),
        ("am2", "0.200000", "0.500000", "-0.300000", "1.000000", "insufficient_accounts"),
        ("am3", "0.100000", None, None, "0.000000", "insufficient_accounts"),
    ]


def _plain(value: Any) -> str | None:
    return None if value is None else str(value)


def test_signals_of_cash_control(company: Company) -> None:
    """Each signal of R6 once, with one account per signal."""
    day = DAY - timedelta(days=100)

    def write(folder: Path) -> None:
        names = ["lag", "third", "group", "parent", "cash", "order", "cross", "bounce"]
        _accounts(folder, [
            {"account_id": n, "parent_account_id": "parent" if n == "group" else ""} for n in names
        ])  # fmt: skip
        invoices, payments, applications = [], [], []

        def paid(account: str, number: int, lag: int, **more: object) -> None:
            name, received = f"{account}{number}", day + timedelta(days=10 + number)
            invoices.append(invoice(name, account, day + timedelta(days=number), "100"))
            payments.append({"payment_id": f"P{name}", "account_id": account, "method": "transfer",
                             "received_date": received, "amount": "100", **more})  # fmt: skip
            applications.append({
                "application_id": f"X{name}", "application_type": "payment",
                "source_document_id": f"P{name}", "invoice_id": name,
                "applied_date": received + timedelta(days=lag), "amount": "100",
            })  # fmt: skip

        for number in range(4):
            paid("lag", number, [31, 30, 32, 40][number])
            paid("third", number, 0, payer_account_id="cash")
            paid("group", number, 0, payer_account_id="parent")
            paid("cash", number, 0, method=" Cash" if number == 3 else "transfer")
            paid("order", number, 0)
            paid("cross", number, 0, account_id="parent" if number == 3 else "cross")
            paid("bounce", number, 0)
        # An older invoice of `order`, 31 days past due from two days before its first payment on.
        invoices.append(invoice("old", "order", day - timedelta(days=53), "5"))
        invoices[-1]["disputed_amount"] = ""
        # A bounce leaves a reversing application and a receipt below zero: one receipt.
        applications.append({**applications[-1], "application_id": "XB", "amount": "-100",
                             "applied_date": DAY})  # fmt: skip
        payments.append({**payments[-1], "payment_id": "PB", "amount": "-100",
                         "received_date": DAY})  # fmt: skip
        ledger(folder, invoices, payments, applications)

    built = company(write, str(DAY))
    found = {
        r["account_id"]: r
        for r in built.records("select * from marts.cash_control where is_latest")
    }
    assert {a: r["reasons"] for a, r in found.items() if r["reasons"]} == {
        "lag": "slow_application", "third": "third_party_payer", "cash": "cash_method",
        "order": "out_of_order", "cross": "cross_account",
    }  # fmt: skip
    assert str(found["lag"]["application_lag_days"]) == "31.50"
    assert str(found["cash"]["cash_method_ratio"]) == "0.250000"
    assert str(found["cross"]["cross_account_ratio"]) == "0.250000"
    assert str(found["third"]["third_party_payer_ratio"]) == "1.000000"
    assert str(found["group"]["third_party_payer_ratio"]) == "0.000000"
    assert found["bounce"]["reversed_receipts_count"] == 1
    assert found["bounce"]["unapplied_over_30d_amount"] == 0
    assert found["bounce"]["oldest_unapplied_days"] is None


def test_a_balance_confirmed_by_the_customer_is_compared_with_its_day(company: Company) -> None:
    """100 is open of each since May; 50 of `paid` was received in June."""
    day, month = date(2026, 5, 1), date(2026, 5, 31)
    said = {
        "same": [(month, "100")], "less": [(month, "95.00")], "bit": [(month, "95.01")],
        "paid": [(month, "100")], "newest": [(month, "0"), (DAY, "100")],
        "old": [(date(2025, 6, 30), "0")], "ahead": [(DAY + timedelta(days=1), "0")],
        "nothing": [(day - timedelta(days=1), "0.01")],
    }  # fmt: skip

    def write(folder: Path) -> None:
        _accounts(folder, [{"account_id": name} for name in said])
        payments = [{"payment_id": "P", "account_id": "paid", "amount": "50",
                     "received_date": date(2026, 6, 15)}]  # fmt: skip
        ledger(folder, [invoice(f"I{name}", name, day, "100") for name in said], payments)
        loaders.write(
            folder,
            "erp_balance_confirmations",
            [
                {"account_id": name, "confirmation_date": on, "confirmed_amount": amount}
                for name, rows in said.items()
                for on, amount in rows
            ],
        )

    built = company(write, str(DAY))
    found = built.rows(
        "select account_id, confirmation_difference_amount, reasons like '%confirmation%' "
        "from marts.cash_control where is_latest order by account_id"
    )
    told = {
        account: (str(amount) if amount is not None else None, is_told)
        for account, amount, is_told in found
    }
    assert {a: t[0] for a, t in told.items()} == {
        "ahead": None, "bit": "-4.99", "less": "-5.00", "newest": "0.00", "nothing": "0.01",
        "old": None, "paid": "0.00", "same": "0.00",
    }  # fmt: skip
    assert {account for account, (_, is_told) in told.items() if is_told} == {"less", "nothing"}


def test_the_cycle_after_a_handover(company: Company) -> None:
    """Accounts of am1 paid after 20 days; with am2 one pays after 50, one not at all."""
    taken = date(2026, 1, 1)

    def write(folder: Path) -> None:
        rows = [
            {"account_id": a, "owner_user_id": o, "updated_at": f"{d}T00:00:00Z", "channel": "x"}
            for a in ("a", "b")
            for o, d in (("am1", "2025-01-01"), ("am2", str(taken)))
        ]
        _accounts(folder, rows)
        invoices, payments, applications = [], [], []
        for account, later in (("a", 50), ("b", None)):
            for number, (day, lag) in enumerate(
                [(date(2025, 10, 1), 20), (date(2025, 12, 31), 20), (date(2026, 1, 1), later)]
            ):
                name = f"{account}{number}"
                invoices.append(invoice(name, account, day, "100"))
                if lag is None:
                    continue
                payments.append({"payment_id": f"P{name}", "account_id": account,
                                 "received_date": day, "amount": "100"})  # fmt: skip
                applications.append({
                    "application_id": f"X{name}", "application_type": "payment",
                    "source_document_id": f"P{name}", "invoice_id": name,
                    "applied_date": day + timedelta(days=lag), "amount": "100",
                })  # fmt: skip
        ledger(folder, invoices, payments, applications)

    built = company(write, str(DAY))
    found = built.rows(
        "select owner_user_id, cycle_step_after_handover_days from marts.owner_receivables "
        "where is_latest"
    )
    # a: 50 - 20; b: open and overdue for 180 days, 180 - 20; the median of 30 and 160.
    assert [tuple(map(_plain, r)) for r in found] == [("am2", "95.00")]
