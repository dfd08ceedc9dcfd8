"""Small companies that once came out wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import pytest

from tests.acceptance.loaders import write
from tests.conftest import Warehouse, build_company

RULES = (
    "valid_from,threshold_a,threshold_b,band,down_month_ends,minimum_tenure_days,count_share_a,"
    "count_share_b,minimum_cost_coverage\n"
    "1900-01-01,0.8000,0.9500,0.0300,2,90,0.2000,0.9000,0.9500\n"
)
Invoice = tuple[str, str, date, str]


def monthly(account: str, amount: str, first: date, months: int) -> list[Invoice]:
    """Return one invoice a month, on the fifth."""
    days = [
        date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 5)
        for n in range(months)
    ]
    return [(f"{account}-{day:%y%m}", account, day, amount) for day in days]


def write_company(folder: Path, invoices: Iterable[Invoice]) -> None:
    """Write accounts, invoices and lines; amounts carry no tax and no cost."""
    invoices = list(invoices)
    accounts = sorted({account for _, account, _, _ in invoices})
    write(
        folder,
        "crm_accounts",
        [{"account_id": a, "account_name": a, "channel": "direct"} for a in accounts],
    )
    write(
        folder,
        "erp_invoices",
        [
            {"invoice_id": i, "account_id": a, "document_type": "invoice", "invoice_date": d,
             "gross_amount": amount}
            for i, a, d, amount in invoices
        ],
    )  # fmt: skip
    write(
        folder,
        "erp_invoice_lines",
        [
            {"invoice_line_id": f"{i}-1", "invoice_id": i, "net_amount": amount}
            for i, _, _, amount in invoices
        ],
    )


def test_a_receipt_older_than_the_first_invoice_stays_unapplied(
    company: Callable[..., Warehouse],
) -> None:
    def written(folder: Path) -> None:
        write_company(folder, monthly("A", "100.00", date(2024, 7, 1), 6))
        receipt = {"payment_id": "P", "account_id": "A", "received_date": "2024-06-20"}
        write(folder, "erp_payments", [{**receipt, "amount": "500.00"}])
        write(
            folder,
            "erp_payment_applications",
            [{"application_id": "X", "application_type": "write_off", "invoice_id": "A-2407",
              "applied_date": "2024-08-01", "amount": "1.00"}],
        )  # fmt: skip

    built = company(written, "2024-12-31")
    assert built.rows(
        "select count(*), min(unapplied_cash_amount), max(unapplied_cash_amount) "
        "from marts.receivables_aging"
    ) == [(6, 500, 500)]


@pytest.fixture(scope="module")
def overtaken(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Warehouse]:
    """P and Q lead until Z sells more than both on 2026-06-08; nobody's own sales fall."""
    folder = tmp_path_factory.mktemp("overtaken")
    big = [("Z-BIG", "Z", date(2026, 6, 8), "10000.00")]
    base = [
        row
        for account, amount in (("P", "100.00"), ("Q", "60.00"), ("Z", "1.00"))
        for row in monthly(account, amount, date(2024, 1, 1), 31)
    ]
    write_company(folder / "source", [*base, *big])

    def built(home: str, day: str, **files: str) -> Warehouse:
        rules = folder / f"{home}-rules"
        rules.mkdir()
        for name, text in files.items():
            (rules / f"{name}.csv").write_text(text, "utf-8")
        return build_company(folder / home, folder / "source", day, rules_dir=str(rules))

    return built


def test_who_was_the_largest_before_the_streak_is_raised_one_step(
    overtaken: Callable[..., Warehouse],
) -> None:
    events = overtaken("largest", "2026-07-31").rows(
        "select tier_unit_id, base_severity, severity, severity_reasons from marts.tier_events "
        "where event_type = 'drop' order by 1"
    )
    assert events == [
        ("P", "high", "high", "lowered_relative|top1_account"),
        ("Q", "high", "medium", "lowered_relative"),
    ]


def test_a_change_of_rules_is_no_drop_and_monthly_books_keep_the_measure(
    overtaken: Callable[..., Warehouse],
) -> None:
    built = overtaken(
        "rules",
        "2026-06-30",
        tier_config=RULES + "2026-06-01,0.8000,0.9500,0.0300,1,90,0.2000,0.9000,0.9500\n",
        channel_config="channel,is_dealer,is_subscription_like\ndirect,false,true\n",
    )
    assert built.rows(
        "select unit_id, cause, severity, delivery from marts.alert_events "
        "where alert_type = 'tier_drop' order by 1"
    ) == [("P", "config_change", "info", "none"), ("Q", "config_change", "info", "none")]
    assert built.rows(
        "select effective_date, delivery from marts.alert_events "
        "where alert_type = 'tier_config_change'"
    ) == [(date(2026, 6, 1), "none")]
    monthly_rows = built.rows(
        "select measure, count(*), min(month_end), sum(closing_amount) "
        "from marts.revenue_movements where comparison = 'month_over_month' "
        "group by measure order by measure"
    )
    assert [row[0] for row in monthly_rows] == ["profit", "revenue"]
    assert monthly_rows[0][1:] == monthly_rows[1][1:]
    assert monthly_rows[0][2] == date(2024, 3, 31)


def test_a_drop_two_months_after_a_single_bulk_purchase_left_is_a_roll_off(
    company: Callable[..., Warehouse],
) -> None:
    """ONE bought in one month of the twelve, TWO in two; both fall to what they buy since."""

    def written(folder: Path) -> None:
        bulk = [(f"{a}-1", a, date(2025, 3, 10), "5000.00") for a in ("ONE", "TWO")]
        since = [(f"{a}-3", a, date(2026, 3, 5), "1.00") for a in ("ONE", "TWO")]
        once_more = ("TWO-2", "TWO", date(2025, 9, 10), "1.00")
        steady = monthly("R", "100.00", date(2024, 1, 1), 29)
        write_company(folder, [*steady, *bulk, once_more, *since])

    events = company(written, "2026-05-31").rows(
        "select tier_unit_id, event_type, effective_date, cause, severity from marts.tier_events "
        "where event_type in ('drop', 'lapsed') and tier_unit_id <> 'R' order by 1, 3"
    )
    assert events == [
        ("ONE", "drop", date(2026, 4, 30), "one_off_roll_off", "info"),
        ("TWO", "drop", date(2026, 4, 30), "own_decline", "critical"),
    ]
