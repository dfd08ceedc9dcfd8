"""Credit exposure, day by day, of small accounts with one story each."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.acceptance.loaders import write
from tests.acceptance.loaders_control import DAY, Row, invoice, ledger
from tests.conftest import Warehouse, build_company

LIMITS = {"part": "1000", "done": "", "old": "500", "edge": "100", "idle": "50", "none": "0"}


def _order(name: str, account: str, day: date, status: str = "open") -> Row:
    return {"order_id": name, "account_id": account, "order_date": day, "status": status}


def _line(order: str, number: int, net: object, **more: object) -> Row:
    return {"order_line_id": f"{order}-{number}", "order_id": order, "quantity": 4,
            "net_amount": net, **more}  # fmt: skip


def _write(folder: Path) -> None:
    write(
        folder,
        "crm_accounts",
        [{"account_id": a, "account_name": a, "credit_limit_amount": limit,
          "payment_terms_days": 45, "owner_user_id": "u1"}
         for a, limit in LIMITS.items()],
    )  # fmt: skip
    day = date(2026, 6, 10)
    write(
        folder,
        "erp_orders",
        [
            _order("O1", "part", date(2026, 5, 20)),
            _order("O2", "done", date(2026, 6, 1), "completed"),
            _order("O3", "done", date(2026, 6, 1), "cancelled"),
            _order("O4", "old", date(2025, 12, 20), "completed"),
            _order("O5", "none", date(2026, 6, 30)),
        ],
    )
    write(
        folder,
        "erp_order_lines",
        [
            # A quarter delivered; nothing delivered; a return.
            _line("O1", 1, 400, delivered_date=day, delivered_quantity=1),
            _line("O1", 2, 200),
            _line("O1", 3, -50, is_return="true"),
            # Completed: the rest will not come; without a day; cancelled.
            _line("O2", 1, 100, delivered_date=date(2026, 6, 15), delivered_quantity=2),
            _line("O2", 2, 70),
            _line("O3", 1, 900, delivered_date=day),
            _line("O4", 1, 200, delivered_date=date(2025, 12, 30)),
            _line("O5", 1, "0.01"),
        ],
    )
    invoices = [
        invoice("I0", "part", date(2026, 1, 10), "113"),
        invoice("I1", "part", date(2026, 6, 12), "67.80", order_id="O1"),
        invoice("E1", "edge", date(2026, 6, 1), "90"),
        invoice("E2", "edge", date(2026, 6, 5), "10"),
        invoice("E3", "edge", date(2026, 6, 6), "0.01"),
    ]
    payments = [
        {"payment_id": "P0", "account_id": "part", "received_date": date(2026, 1, 10),
         "amount": "113"},
        {"payment_id": "P1", "account_id": "edge", "received_date": date(2026, 6, 10),
         "amount": "90"},
    ]  # fmt: skip
    applications = [
        {"application_id": f"X{n}", "application_type": "payment", "source_document_id": f"P{n}",
         "invoice_id": name, "applied_date": payments[n]["received_date"],
         "amount": payments[n]["amount"]}
        for n, name in enumerate(["I0", "E1"])
    ]  # fmt: skip
    ledger(folder, invoices, payments, applications, {"I0": "100", "I1": "60"})


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("credit")
    _write(folder / "source")
    return build_company(folder / "home", folder / "source", str(DAY))


def _found(built: Warehouse, day: str) -> dict[str, tuple[str, ...]]:
    rows = built.records(f"select * from marts.credit_exposure where as_of_date = date '{day}'")
    columns = ("gross_open_amount", "shipped_not_invoiced_amount", "open_orders_amount",
               "exposure_amount", "utilisation_ratio", "credit_status")  # fmt: skip
    return {r["account_id"]: tuple(str(r[c]) for c in columns) for r in rows}


def test_what_is_open_shipped_and_ordered_adds_up(built: Warehouse) -> None:
    """With the tax of 13 % that the documents before the month carry."""
    assert _found(built, "2026-06-30") == {
        "part": ("67.80", "45.20", "565.00", "678.00", "0.678000", "ok"),
        "done": ("0.00", "56.50", "0.00", "56.50", "None", "no_limit"),
        # Delivered 182 days ago.
        "old": ("0.00", "0.00", "0.00", "0.00", "0.000000", "ok"),
        "edge": ("10.01", "0.00", "0.00", "10.01", "0.100100", "ok"),
        # A limit of nothing: one cent is above it.
        "none": ("0.00", "0.00", "0.01", "0.01", "None", "hold"),
    }


def test_a_day_in_the_past_sees_what_was_ordered_and_delivered_by_then(built: Warehouse) -> None:
    assert _found(built, "2026-05-31") == {
        "part": ("0.00", "0.00", "678.00", "678.00", "0.678000", "ok"),
        "old": ("0.00", "226.00", "0.00", "226.00", "0.452000", "ok"),
    }


def test_credit_alerts_name_the_day_and_the_state_before(built: Warehouse) -> None:
    rows = built.rows(
        "select account_id, alert_type, from_value, to_value, effective_date, severity, delivery, "
        "at_stake_amount, owner_user_id from marts.alert_events where alert_type like 'credit%' "
        "order by effective_date, account_id"
    )
    assert [(*r[:4], str(r[4]), r[5], r[6], str(r[7]), r[8]) for r in rows] == [
        ("edge", "credit_watch", "ok", "watch", "2026-06-01", "medium", "digest", "90.00", "u1"),
        ("edge", "credit_hold", "watch", "hold", "2026-06-06", "high", "immediate", "100.01",
         "u1"),
        ("none", "credit_hold", "ok", "hold", "2026-06-30", "high", "immediate", "0.01", "u1"),
    ]  # fmt: skip


def test_accounts_carry_the_status_of_the_day(built: Warehouse) -> None:
    found = dict(built.rows("select account_id, credit_status from marts.accounts"))
    assert found == {"part": "ok", "done": "no_limit", "old": "ok", "edge": "ok", "idle": "ok",
                     "none": "hold"}  # fmt: skip
