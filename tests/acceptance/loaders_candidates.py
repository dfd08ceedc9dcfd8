"""Write the fixture `lifecycle_state`, and a small company with candidates, as contract files.

What the loader adds to the fixture: one invoice of 100 per purchase, all customers in one channel.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from tests.acceptance.loaders import read, write
from tests.acceptance.test_edge_companies import Invoice, monthly, write_company

DAY = date(2026, 6, 30)


def lifecycle_state(folder: Path) -> None:
    """The customers of the fixture `lifecycle_state`."""
    bought = enumerate(read("lifecycle_state", "input_purchases"))
    write_company(
        folder,
        [(f"I{n}", r["customer_key"], date.fromisoformat(r["purchase_date"]), "100.00")
         for n, r in bought],
    )  # fmt: skip


def bought(account: str, days: Iterable[date], amounts: Iterable[str]) -> list[Invoice]:
    """Return one invoice a day."""
    return [
        (f"{account}-{day:%y%m%d}", account, day, amount)
        for day, amount in zip(days, amounts, strict=True)
    ]


def eight_days(last: date) -> list[date]:
    """Return eight days, a month apart, up to `last`."""
    months = [last.year * 12 + last.month - 1 - n for n in reversed(range(8))]
    return [date(m // 12, m % 12 + 1, last.day) for m in months]


def candidates(folder: Path) -> None:
    """Three A accounts of 120,000 a year, and accounts at and just below each limit.

    R has doubled, S lacks a cent of it, T has seven purchase days, Q doubled and fell silent. U
    doubled together with its daughter V, Z too, but with two invoices on each of its days. W, X and
    Y have stated what they spend, Y a day too early. J brought K, who earns a quarter of an A; L
    brought M, who lacks a cent of it. I is rated, N was rated a year ago, G grows itself.
    """
    june = eight_days(date(2026, 6, 10))
    doubled = ["100.00"] * 4 + ["200.00"] * 4
    invoices = [
        invoice
        for big in ("BIG1", "BIG2", "BIG3")
        for invoice in monthly(big, "10000.00", date(2024, 7, 1), 24)
    ]
    invoices += bought("R", june, doubled)
    invoices += bought("S", june, [*doubled[:-1], "199.99"])
    invoices += bought("T", june[1:], doubled[1:])
    invoices += bought("Q", eight_days(date(2026, 3, 10)), doubled)
    invoices += bought("U", june[:4], doubled[:4]) + bought("V", june[4:], doubled[4:])
    invoices += bought("Z", june[:4], ["50.00"] * 4) + bought("Z", june[4:], ["100.00"] * 4)
    invoices += [(f"{i}-again", a, d, v) for i, a, d, v in invoices if a == "Z"]
    invoices += bought("W", june[-1:], ["900.00"]) + bought("X", june[-1:], ["899.99"])
    invoices += bought("Y", june[-1:], ["900.00"])
    invoices += bought("K", [june[-1]], ["30000.00"]) + bought("M", [june[-1]], ["29999.99"])
    for account in "JLING":
        invoices += bought(account, [june[-1]], ["10.00"])
    write_company(folder, invoices)
    stated: dict[str, dict[str, object]] = {
        "V": {"parent_account_id": "U"},
        "K": {"referred_by_account_id": "J"}, "M": {"referred_by_account_id": "L"},
        "I": {"influence_score": 4, "influence_rated_on": "2025-07-01"},
        "N": {"influence_score": 4, "influence_rated_on": "2025-06-30"},
        "G": {"own_growth_score": 4},
    }  # fmt: skip
    for account, day in (("W", "2025-07-01"), ("X", "2025-07-01"), ("Y", "2025-06-30")):
        stated[account] = {"wallet_amount": 1000, "wallet_as_of_date": day}
    write(
        folder,
        "crm_accounts",
        [
            {"account_id": a, "account_name": a, "channel": "direct"} | stated.get(a, {})
            for a in sorted({account for _, account, _, _ in invoices})
        ],
    )


def converted(folder: Path) -> None:
    """R doubles in a year and is A exactly two years later; O stays as it is; Q leaves the list."""
    days = [date(2023, n, 10) for n in range(7, 13)] + [date(2024, n, 10) for n in range(1, 7)]
    invoices = monthly("BIG", "10000.00", date(2023, 6, 1), 37)
    invoices += monthly("O", "100.00", date(2023, 7, 1), 36)
    invoices += bought("R", days, ["100.00"] * 8 + ["200.00"] * 4)
    invoices += bought("Q", days, ["100.00"] * 8 + ["200.00"] * 4)
    invoices += monthly("R", "200.00", date(2024, 7, 1), 23)
    invoices += monthly("R", "90000.00", date(2026, 6, 1), 1)
    invoices += monthly("Q", "100.00", date(2024, 7, 1), 24)
    write_company(folder, invoices)
