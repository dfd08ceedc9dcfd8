"""The fixture `payment_trap`, and what it leaves open, through the real dbt models."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from keyaccounts.contract import load_contract
from tests.acceptance import loaders, loaders_payments
from tests.acceptance.test_fixtures import compare
from tests.conftest import Warehouse, build_company

Company = Callable[..., Warehouse]
VERDICTS = {"true": "trap", "false": "no_trap", "": "insufficient_history"}


def behaviour(built: Warehouse, where: str = "is_latest") -> list[dict[str, Any]]:
    return built.records(
        f"select * from marts.payment_behaviour where {where} order by account_id, as_of_date"
    )


@pytest.mark.fixture("accounts", "channel_collections", "payment_behaviour")
def test_payment_trap(company: Company) -> None:
    built = company(loaders_payments.payment_trap, "2026-06-30")
    found, expected = behaviour(built), loaders.read("payment_trap", "expected_account")
    compare(
        found,
        expected,
        {
            "account_id": "account_id", "channel": "channel",
            "n_invoices_measured": "measured_invoices_count",
            "collection_cycle_days": "collection_cycle_days",
            "weighted_days_late": "weighted_late_days",
            "peer_median_cycle_days": "peer_median_cycle_days",
            "financing_cost_rate": "financing_cost_ratio",
            "margin_after_financing": "margin_after_financing_ratio", "reasons": "reasons",
        },
    )  # fmt: skip
    assert [r["payment_trap_status"] for r in found] == [
        VERDICTS[r["is_payment_trap"]] for r in expected
    ]
    margins = {
        r["account_id"]: Decimal(r["contribution_margin_rate"])
        for r in loaders.read("payment_trap", "input_accounts")
    }
    assert {r["account_id"]: r["contribution_margin_ratio"] for r in found} == margins
    assert {r["account_id"]: r["break_even_cycle_days"] for r in found} == {
        account: margin * 3650 for account, margin in margins.items()
    }
    channels = built.records(
        "select * from marts.channel_collections where month_end = date '2026-06-30' order by 2"
    )
    compare(
        channels,
        loaders.read("payment_trap", "expected_channel"),
        {
            "channel": "channel", "collection_cycle_days": "collection_cycle_days",
            "amount_measured": "measured_amount",
        },
    )  # fmt: skip
    # 13.0 % and 10.9 % of margin, 3.6 % and 1.1 % of financing.
    assert [r["margin_rank"] for r in channels] == [2, 1]
    assert built.rows(
        "select account_id, payment_trap_status from marts.accounts where payment_trap_status <> "
        "'no_trap' order by 1"
    ) == [("OFF1", "trap"), ("OFF4", "insufficient_history"), ("ON3", "trap")]


Invoices = list[dict[str, object]]


def monthly(account: str, amount: str = "100", months: range = range(1, 7)) -> Invoices:
    """Return one invoice a month of 2026, on the first, due after 30 days."""
    return [
        {
            "invoice_id": f"{account}{month}", "account_id": account,
            "invoice_date": f"2026-{month:02}-01", "due_date": f"2026-{month:02}-28",
            "amount": amount,
        }
        for month in months
    ]  # fmt: skip


def accounts(*names: str, terms: object = 30, margin: str = "0.50") -> list[dict[str, object]]:
    return [
        {"account_id": name, "channel": "direct", "terms": terms, "margin": margin}
        for name in names
    ]


def test_a_bounced_payment_counts_until_it_bounced(company: Company) -> None:
    invoices = monthly("A", months=range(1, 4))
    paid = [
        {"invoice_id": "A1", "applied_date": "2026-01-11", "amount": "100"},
        {"invoice_id": "A2", "applied_date": "2026-02-11", "amount": "100"},
        {"invoice_id": "A3", "applied_date": "2026-03-11", "amount": "100", "payment_id": "BAD"},
        {"invoice_id": "A3", "applied_date": "2026-04-20", "amount": "-100", "payment_id": "BAD"},
    ]
    built = company(
        partial(
            loaders_payments.ledger, accounts=accounts("A"), invoices=invoices, applications=paid
        ),
        "2026-04-30",
    )
    found = behaviour(built, "as_of_date >= date '2026-03-31'")
    # Ten days each; then the third invoice is open again, 60 days old and 33 late.
    assert [(r["collection_cycle_days"], r["weighted_late_days"]) for r in found] == [
        (Decimal("10.00"), Decimal("-17.00")),
        (Decimal("26.67"), Decimal("-0.33")),
    ]
    assert [r["measured_invoices_count"] for r in found] == [3, 3]


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """S pays in exactly half as much time again as its peers P and Q, T a little later."""
    folder = tmp_path_factory.mktemp("peers")
    days = {"P": "2026-03-02", "Q": "2026-03-02", "S": "2026-04-01", "T": "2026-04-02"}
    first = [r for name in days for r in monthly(name, months=range(1, 2))]
    split = [
        {**r, "invoice_id": f"{r['invoice_id']}-{n}"} for r in first for n in range(3)
    ]  # fmt: skip
    loaders_payments.ledger(
        folder / "source",
        accounts(*days),
        split,
        [
            {"invoice_id": r["invoice_id"], "applied_date": days[str(r["account_id"])],
             "amount": "100"}
            for r in split
        ],
    )  # fmt: skip
    return build_company(folder / "home", folder / "source", "2026-04-15")


def test_exactly_half_as_much_again_is_not_slow(peers: Warehouse) -> None:
    found = {r["account_id"]: r for r in behaviour(peers)}
    assert {a: r["collection_cycle_days"] for a, r in found.items()} == {
        "P": 60, "Q": 60, "S": 90, "T": 91
    }  # fmt: skip
    assert {a: r["peer_median_cycle_days"] for a, r in found.items()} == {
        "P": 90, "Q": 90, "S": 60, "T": 60
    }  # fmt: skip
    assert {a: r["payment_trap_status"] for a, r in found.items()} == {
        "P": "no_trap", "Q": "no_trap", "S": "no_trap", "T": "trap"
    }  # fmt: skip


def test_d_inside_a_month_looks_back_twelve_months_from_d(peers: Warehouse) -> None:
    """300 were open for 60 of 365 days; the channel speaks of month-ends only."""
    found = {(r["account_id"], str(r["as_of_date"])): r for r in behaviour(peers, "true")}
    assert found["P", "2026-04-15"]["average_gross_amount"] == Decimal("49.32")
    assert found["P", "2026-01-31"]["average_gross_amount"] == Decimal("25.48")
    assert found["P", "2026-04-15"]["financing_cost_amount"] == Decimal("4.93")
    assert peers.rows("select max(month_end) from marts.channel_collections")[0][0].month == 3
    assert (
        peers.rows(
            "select alert_type, unit_id, severity, delivery from marts.alert_events "
            "where source_mart = 'payment_behaviour'"
        )
        == []
    )


def test_what_cannot_be_judged_is_no_verdict(company: Company) -> None:
    """Without terms and without costs neither condition can be tested."""
    written = partial(
        loaders_payments.ledger,
        accounts=accounts("A", "B", terms=None, margin="0"),
        invoices=[*monthly("A", months=range(1, 4)), *monthly("B", months=range(1, 4))],
        applications=[],
    )

    def without_costs(folder: Path) -> None:
        written(folder)
        for name in ("erp_payments", "erp_payment_applications"):
            header = ",".join(column.name for column in load_contract()[name].columns)
            (folder / f"{name}.csv").write_text(f"{header}\n", "utf-8")
        lines = folder / "erp_invoice_lines.csv"
        rows = [row.rsplit(",", 1)[0] for row in lines.read_text("utf-8").splitlines()]
        lines.write_text("\n".join(rows) + "\n", "utf-8")

    built = company(without_costs, "2026-04-30")
    found = behaviour(built)
    assert [(r["payment_trap_status"], r["reasons"]) for r in found] == [
        ("insufficient_history", "insufficient_history")
    ] * 2
    assert [r["collection_cycle_days"] for r in found] == [Decimal("89.00")] * 2
    assert {r["contribution_margin_ratio"] for r in found} == {None}
    assert built.rows(
        "select ttm_net_revenue_amount, ttm_profit_amount, margin_rank "
        "from marts.channel_collections where month_end = date '2026-04-30'"
    ) == [(Decimal(600), None, None)]
