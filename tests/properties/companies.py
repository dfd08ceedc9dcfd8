"""Random companies from a seed: the same number gives the same company on every machine.

Companies of one batch (BATCH seeds in a row) share their as-of date and the entities that have
landed, so that they can be built together. All else differs: 3 to 15 accounts, 14 to 40 months,
hierarchies that change, merges, cycles, shared tax ids, internal accounts, dated rules, known and
unknown costs. The documents are made in `ledgers.py` and `receipts.py`.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from keyaccounts.contract import load_contract
from tests.properties.candidate_inputs import add_candidates, add_raters
from tests.properties.confirmations import add_confirmations
from tests.properties.dated_rules import random_rules, some_day
from tests.properties.document_details import add_document_details
from tests.properties.efforts import add_efforts
from tests.properties.harness import Inputs, Row
from tests.properties.ledgers import Trade, write_ledger
from tests.properties.opportunity_inputs import add_buyers, add_opportunities
from tests.properties.order_details import add_order_details
from tests.properties.orders import add_orders
from tests.properties.owner_inputs import add_owners
from tests.properties.plans import add_plans
from tests.properties.plant_inputs import add_plants
from tests.properties.promises import add_promises
from tests.properties.relationship_inputs import add_relationships
from tests.properties.service_inputs import add_service

BATCH = 100
DAYS = [
    date(2026, 10, 31), date(2026, 2, 28), date(2026, 5, 18), date(2024, 2, 29),
    date(2025, 12, 31), date(2026, 7, 1), date(2026, 9, 30), date(2025, 3, 30),
]  # fmt: skip
ALL = tuple(load_contract())
REQUIRED = ("crm_accounts", "erp_invoices", "erp_invoice_lines")
# What version 2 of the contract added.
SECOND = (
    "crm_account_history", "crm_account_team", "crm_contact_links", "crm_opportunity_contacts",
    "crm_opportunity_stages", "crm_supplier_positions", "crm_internal_requests",
    "erp_balance_confirmations", "erp_payment_promises", "erp_plants",
)  # fmt: skip
# What has landed, by batch: mostly everything, sometimes nothing about payments, or of version 1
# alone, rarely the least.
LANDED = [
    ALL, ALL, ALL, tuple(e for e in ALL if e != "erp_payment_applications"), ALL,
    tuple(e for e in ALL if e not in SECOND), ALL, (*REQUIRED, "erp_exchange_rates"),
]  # fmt: skip
REFERENCES = ("parent_account_id", "merged_into_account_id", "tax_id", "is_internal")


def day_of(seed: int) -> date:
    """Return the as-of date of a company."""
    return DAYS[seed // BATCH % len(DAYS)]


def make_company(seed: int) -> Inputs:
    """Return the company of a seed."""
    random = Random(seed)
    end = day_of(seed)
    start = end - timedelta(days=random.randrange(14 * 30, 40 * 31))
    if random.random() < 0.4:
        start = start.replace(day=1)
    accounts = _accounts(random, start, end)
    trade = Trade(random, start, end, [a[0]["account_id"] for a in accounts])
    rows: dict[str, list[Row]] = {name: [] for name in ALL}
    write_ledger(trade, rows)
    _keep_one_customer(accounts, rows)
    _exits(Random(f"exits of {seed}"), accounts)
    _exit_details(Random(f"exit details of {seed}"), accounts, start, end)
    rows["crm_accounts"] = [version for account in accounts for version in account]
    _people(random, rows, trade)
    add_orders(seed, rows, end)
    add_order_details(seed, trade, rows)
    add_confirmations(seed, trade, rows)
    add_promises(seed, trade, rows)
    add_candidates(seed, trade, rows)
    add_plans(seed, trade, rows)
    add_raters(seed, rows)
    add_plants(seed, trade, rows)
    landed = LANDED[seed // BATCH % len(LANDED)]
    rules = random_rules(random, start, end)
    add_efforts(Random(f"efforts of {seed}"), trade, rows, rules)
    add_service(seed, trade, rows)
    add_opportunities(seed, trade, rows)
    add_relationships(seed, trade, rows, rules)
    add_owners(seed, trade, rows, rules)
    add_buyers(seed, rows)
    add_document_details(seed, rows)
    return Inputs({name: rows[name] for name in landed}, end, rules)


def _accounts(random: Random, start: date, end: date) -> list[list[Row]]:
    """Return the versions of each account, oldest first."""
    ids = [f"A{n:02}" for n in range(random.randrange(3, 16))]
    random.shuffle(ids)
    is_tangled = random.random() < 0.25
    accounts = []
    for name in ids:
        created = start + timedelta(days=random.randrange(-400, (end - start).days + 40))
        first: Row = {
            "account_id": name,
            "account_name": f"Company {name}",
            "parent_account_id": _other(random, ids, name, 0.35, is_tangled),
            "merged_into_account_id": _other(random, ids, name, 0.1, is_tangled),
            "tax_id": random.choice(["T1", f"T-{name}", f"T-{name}", f"T-{name}", None]),
            "industry_code": random.choice(["I1", "I2", None]),
            "region": random.choice(["north", "south", None]),
            "channel": random.choice(["direct", "dealer", "online", None]),
            "owner_user_id": random.choice(["U1", "U2", "U3", None]),
            "is_internal": random.choice([None, False, False, False, False, False, False, True]),
            "payment_terms_days": random.choice([None, 0, 15, 30, 60]),
            "influence_score": random.choice([None, 3, 4, 5]),
            "influence_rated_on": random.choice([None, some_day(random, start, end)]),
            "claimed_relationship_stage": random.choice([None, 2, 5]),
            "wallet_amount": random.choice([None, Decimal(0), Decimal("50000.00")]),
            "wallet_as_of_date": random.choice([None, some_day(random, start, end)]),
            "exit_type": random.choice([None, None, "voluntary_by_us", "other"]),
            "created_at": random.choice([None, _instant(random, created)]),
            "updated_at": random.choice([None, _instant(random, created)]),
        }
        accounts.append(_versions(random, ids, first, start, end, is_tangled))
    return accounts


def _other(random: Random, ids: list[str], name: str, share: float, is_tangled: bool) -> str | None:
    """Return another account to belong to; only tangled companies have cycles."""
    if random.random() >= share:
        return None
    others = ids if is_tangled else ids[: ids.index(name)]
    return random.choice(others) if others else None


def _versions(
    random: Random, ids: list[str], first: Row, start: date, end: date, is_tangled: bool
) -> list[Row]:
    versions = [{**first, "landed_as_of": datetime.combine(start, time(15, 59, 59)), "_load": 1}]
    day = start
    for number in range(random.choice([0, 0, 1, 2, 3])):
        day = some_day(random, day, end + timedelta(days=20))
        name = first["account_id"]
        changes: Row = random.choice(
            [
                {"parent_account_id": _other(random, ids, name, 0.7, is_tangled)},
                {"merged_into_account_id": _other(random, ids, name, 0.5, is_tangled)},
                {"tax_id": random.choice(["T1", None])},
                {"owner_user_id": random.choice(["U1", "U2", None]), "channel": "dealer"},
                {"payment_terms_days": random.choice([None, 7, 45]), "exit_type": None},
                {"is_internal": random.random() < 0.2},
                {},
            ]
        )
        stamp = random.choice([None, _instant(random, day)])
        landed = datetime.combine(day, time(15, 59, 59))
        versions.append(
            {**versions[-1], **changes, "updated_at": stamp, "landed_as_of": landed,
             "_load": number + 2}
        )  # fmt: skip
    return versions


def _keep_one_customer(accounts: list[list[Row]], rows: dict[str, list[Row]]) -> None:
    """Keep the account of the first posted document external: a company needs one (`keyed.py`)."""
    posted = [r for r in rows["erp_invoices"] if r["status"] != "void"]
    first = min(posted, key=lambda r: (r["invoice_date"], r["invoice_id"]))
    for version in next(a for a in accounts if a[0]["account_id"] == first["account_id"]):
        version["is_internal"] = False


def _exits(random: Random, accounts: list[list[Row]]) -> None:
    """Say why accounts left, in full or in part, in their first version or in a later one."""
    for versions in accounts:
        said = random.choice([None, "price", "closed the plant"])
        kind = random.choice([None, None, "lost_to_competitor", "closed_down"])
        since = random.randrange(len(versions))
        for version in versions[since:]:
            version["exit_reason"] = said
            version["exit_type"] = kind or version["exit_type"]


def _exit_details(random: Random, accounts: list[list[Row]], start: date, end: date) -> None:
    """Say to whom accounts were lost, when and in which words; some sources do not."""
    columns = [c for c in ("exit_competitor", "exit_note", "exit_recorded_on")
               if random.random() < 0.7]  # fmt: skip
    for versions in accounts:
        stated: Row = {}
        for version in versions:
            if random.random() < 0.6:
                stated = {
                    "exit_competitor": random.choice([None, " ", "Nordwerk", " Ferrum "]),
                    "exit_note": random.choice([None, "", "  ", "told at the fair"]),
                    "exit_recorded_on": random.choice(
                        [None, some_day(random, start, end + timedelta(days=5)),
                         some_day(random, start, end)]
                    ),
                }  # fmt: skip
            version |= {"exit_competitor": None, "exit_note": None, "exit_recorded_on": None}
            version |= {column: stated[column] for column in columns if stated}


def _people(random: Random, rows: dict[str, list[Row]], trade: Trade) -> None:
    start, end = trade.start, trade.end
    rows["crm_users"] = [
        {"user_id": u, "user_name": f"Name of {u}", "is_active": random.choice([None, True, False]),
         "deactivated_on": random.choice([None, None, some_day(random, start, end)])}
        for u in ("U1", "U2", "U3")
    ]  # fmt: skip
    rated = [end - timedelta(days=days) for days in (179, 180, 181)]
    for n in range(random.randrange(6)):
        account = random.choice(trade.accounts)
        rows["crm_contacts"].append(
            {"contact_id": f"C{n}", "account_id": account,
             "department": random.choice(["finance", "technical", None]),
             "interpersonal_rating": random.choice([None, 4]),
             "interpersonal_rated_on": random.choice([None, *rated]),
             "is_active": random.choice([None, True, False])}
        )  # fmt: skip
        rows["crm_activities"].append(
            {"activity_id": f"V{n}", "account_id": account,
             "is_two_way": random.choice([None, True]),
             "activity_at": _instant(random, some_day(random, start, end + timedelta(days=5)))}
        )  # fmt: skip
        rows["crm_activities"] += _activities(trade, rows, f"V{n}", account)
        rows["crm_service_cases"].append(
            {"case_id": f"S{n}", "account_id": account, "severity": random.choice([1, 2]),
             "case_type": random.choice(["complaint", "dispute", "question"]),
             "opened_at": _instant(random, some_day(random, start, end)),
             "resolved_at": random.choice([None, _instant(random, some_day(random, start, end))])}
        )  # fmt: skip
        rows["crm_relationship_evidence"].append(
            {"evidence_id": f"E{n}", "account_id": account, "evidence_type": "joint_rd",
             "start_date": some_day(random, start, end + timedelta(days=5)),
             "end_date": random.choice([None, end, end - timedelta(days=1)])}
        )  # fmt: skip


def _activities(trade: Trade, rows: dict[str, list[Row]], name: str, account: str) -> list[Row]:
    """More talks with an account; some on the very day of its first invoice."""
    random = Random(f"{name} {trade.start} {trade.number}")
    bought = sorted(r["invoice_date"] for r in rows["erp_invoices"] if r["account_id"] == account)
    days = [bought[0]] if bought and random.random() < 0.5 else []
    days += [some_day(random, trade.start, trade.end) for _ in range(random.randrange(3))]
    return [
        {"activity_id": f"{name}-{place}", "account_id": account, "is_two_way": True,
         "activity_at": datetime.combine(day, time(3))}
        for place, day in enumerate(days)
    ]  # fmt: skip


def _instant(random: Random, day: date) -> datetime:
    # Evenings in UTC are the next business day in Shanghai.
    return datetime.combine(day, time(random.choice([3, 15, 16, 20]), 0))


def describe(inputs: Inputs) -> dict[str, Any]:
    """Return how many rows of what a company has."""
    return {name: len(rows) for name, rows in inputs.rows.items() if rows}
