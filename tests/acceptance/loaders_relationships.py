"""Write the fixture of relationship stages as contract files.

What the loader adds to what the fixture states:

* relationship_stage: an order, its line and its invoice on 2026-01-05 where an account has one, and
  an invoice of an account that is not in the fixture, half a year before; ratings on the last day;
  a product; activities at noon in Shanghai; a user per id, without a department of its own.
"""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.loaders import read, write
from tests.acceptance.loaders_purchases import Row, company, invoice_of

DAY = "2026-06-30"


def relationship_stage(folder: Path) -> None:
    """The accounts of the fixture `relationship_stage`."""
    accounts = read("relationship_stage", "input_accounts")
    orders: list[Row] = [
        {"order_id": f"O-{r['account_id']}", "account_id": r["account_id"],
         "order_date": "2026-01-05", "status": "completed"}
        for r in accounts if r["has_order"] == "true"
    ]  # fmt: skip
    earlier: Row = {"order_id": "O-Z", "account_id": "Z", "order_date": "2025-06-30",
                    "status": "completed"}  # fmt: skip
    orders.append(earlier)
    lines: list[Row] = [
        {"order_id": o["order_id"], "product_id": "goods", "net_amount": 100} for o in orders
    ]
    company(folder, orders, lines, [invoice_of(o, 100) for o in orders])
    write(
        folder,
        "crm_accounts",
        [{"account_id": "Z", "account_name": "Z"}] + [
            {"account_id": r["account_id"], "account_name": r["account_id"],
             "claimed_relationship_stage": r["claimed_stage"]} for r in accounts
        ],
    )  # fmt: skip
    write(
        folder,
        "crm_contacts",
        [
            {**r, "interpersonal_rated_on": DAY}
            for r in read("relationship_stage", "input_contacts")
        ],
    )
    activities = read("relationship_stage", "input_activities")
    users = sorted({r["our_user_id"] for r in activities})
    write(folder, "crm_users", [{"user_id": u, "user_name": u} for u in users])
    write(
        folder,
        "crm_activities",
        [{"activity_id": r["activity_id"], "account_id": r["account_id"],
          "contact_id": r["contact_id"], "user_id": r["our_user_id"],
          "our_department": r["our_department"], "channel": r["channel"],
          "activity_at": f"{r['activity_date']}T04:00:00Z", "is_two_way": r["is_two_way"]}
         for r in activities],
    )  # fmt: skip
    write(
        folder,
        "crm_relationship_evidence",
        [{"evidence_id": f"E{n}", **r}
         for n, r in enumerate(read("relationship_stage", "input_evidence"))],
    )  # fmt: skip
