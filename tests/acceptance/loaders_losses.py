"""Write a small company that lost customers: for good, for a while, with and without a reason."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.acceptance.loaders import write
from tests.acceptance.test_edge_companies import monthly, write_company

DAY = date(2026, 6, 30)


def losses(folder: Path) -> None:
    """BIG stays. GONE and LATE fall silent in June 2025, BACK, SLOW and TARDY return.

    BACK is silent for nine months. SLOW returns on the last day of the twelve months after it was
    given up, TARDY a day later. GONE's reason is noted 7 days after the loss and lands 17 days
    after it, LATE has none; that of BACK was noted on its last purchase. The complaint of GONE is
    settled a day before its last purchase, that of LATE a day after.
    """
    invoices = monthly("BIG", "10000.00", date(2023, 7, 1), 36)
    invoices += monthly("GONE", "100.00", date(2024, 7, 1), 12)
    invoices += monthly("LATE", "50.00", date(2024, 7, 1), 12)
    invoices += monthly("BACK", "100.00", date(2023, 8, 1), 8)
    invoices += monthly("BACK", "100.00", date(2024, 12, 1), 19)
    for account, day in (("SLOW", date(2026, 6, 4)), ("TARDY", date(2026, 6, 5))):
        invoices += monthly(account, "100.00", date(2024, 7, 1), 6)
        invoices.append((f"{account}-again", account, day, "100.00"))
    write_company(folder, invoices)
    stated: dict[str, dict[str, object]] = {
        "GONE": {"exit_type": "lost_to_competitor", "exit_reason": "price",
                 "exit_recorded_on": "2025-12-10", "exit_competitor": " Nordwerk ",
                 "exit_note": "Li told it at the fair",
                 "updated_at": "2025-12-20T03:00:00Z", "owner_user_id": "U1"},
        "LATE": {"exit_type": "closed_down"},
        "BACK": {"exit_type": "other", "exit_reason": "price", "exit_note": "told",
                 "exit_recorded_on": "2024-03-01"},
        "SLOW": {"exit_type": "lost_to_competitor", "exit_reason": "price", "exit_note": "told"},
    }  # fmt: skip
    write(
        folder,
        "crm_accounts",
        [
            {"account_id": a, "account_name": a, "channel": "direct"} | stated.get(a, {})
            for a in sorted({account for _, account, _, _ in invoices})
        ],
    )
    write(folder, "crm_users", [{"user_id": "U1", "user_name": "U1"}])
    write(
        folder,
        "crm_service_cases",
        [
            {"case_id": a, "account_id": a, "case_type": "complaint", "severity": 1,
             "opened_at": "2025-05-01T03:00:00Z", "resolved_at": f"{day}T03:00:00Z"}
            for a, day in (("GONE", "2025-06-04"), ("LATE", "2025-06-06"))
        ],
    )  # fmt: skip
