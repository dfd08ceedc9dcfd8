"""What a source may say otherwise on a later night: one function per kind of change."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from keyaccounts.contract import load_contract
from tests.properties.harness import Inputs, Row
from tests.restatements.nights import LANDED, Source

Edit = Callable[[Random, Source, date], None]


def known(company: Inputs, day: date) -> Source:
    """Return what the sources of a company said on a day: its documents up to a little later."""
    source: Source = {name: list(company.rows[name]) for name in LANDED}
    newest: dict[object, Row] = {}
    for row in source["crm_accounts"]:
        if row["_load"] == 1 or row["landed_as_of"].date() <= day:
            newest[row["account_id"]] = row
    source["crm_accounts"] = list(newest.values())
    source["erp_invoices"] = [
        row for row in source["erp_invoices"] if row["invoice_date"] <= day + timedelta(days=3)
    ]
    names = {row["invoice_id"] for row in source["erp_invoices"]}
    source["erp_invoice_lines"] = [
        row for row in source["erp_invoice_lines"] if row["invoice_id"] in names
    ]
    return deepcopy(source)


def with_new(before: Source, now: Source) -> Source:
    """Return what was said before and what is new since; accounts as they are now."""
    found: Source = {}
    for name, rows in before.items():
        keys = load_contract()[name].keys
        seen = {tuple(row[key] for key in keys) for row in rows}
        fresh = [row for row in now[name] if tuple(row[key] for key in keys) not in seen]
        found[name] = [*rows, *fresh]
    return {**found, "crm_accounts": now["crm_accounts"]}


def late_invoice(random: Random, source: Source, day: date) -> None:
    """A document of an earlier day that was not there before."""
    like = random.choice(source["erp_invoices"])
    number = f"L{random.randrange(10**9)}"
    on = day - timedelta(days=random.randrange(5, 500))
    net = Decimal(random.randrange(1, 3_000_000)) / 100
    source["erp_invoices"].append(
        {**like, "invoice_id": number, "invoice_date": on, "order_id": None, "gross_amount": net,
         "document_type": "invoice", "currency_code": None, "status": "posted", "due_date": None}
    )  # fmt: skip
    source["erp_invoice_lines"].append(
        {"invoice_line_id": f"{number}-0", "invoice_id": number, "net_amount": net,
         "cogs_amount": random.choice([None, net, Decimal(1)])}
    )  # fmt: skip


def other_amount(random: Random, source: Source, day: date) -> None:
    """Another net amount on a line."""
    random.choice(source["erp_invoice_lines"])["net_amount"] += Decimal("100.01")


def other_cost(random: Random, source: Source, day: date) -> None:
    """Another cost on a line, or none."""
    random.choice(source["erp_invoice_lines"])["cogs_amount"] = random.choice([None, Decimal(7)])


def other_line(random: Random, source: Source, day: date) -> None:
    """A line goes to another document."""
    line, other = random.choice(source["erp_invoice_lines"]), random.choice(source["erp_invoices"])
    line["invoice_id"] = other["invoice_id"]


def other_due_date(random: Random, source: Source, day: date) -> None:
    """What restates nothing: another due date."""
    random.choice(source["erp_invoices"])["due_date"] = day


def deleted(random: Random, source: Source, day: date) -> None:
    """A document is gone with its lines."""
    gone = source["erp_invoices"].pop(random.randrange(len(source["erp_invoices"])))
    source["erp_invoice_lines"] = [
        row for row in source["erp_invoice_lines"] if row["invoice_id"] != gone["invoice_id"]
    ]


def voided(random: Random, source: Source, day: date) -> None:
    """A document no longer counts."""
    random.choice(source["erp_invoices"])["status"] = "void"


def moved(random: Random, source: Source, day: date) -> None:
    """A document belongs to another account."""
    other = random.choice(source["crm_accounts"])["account_id"]
    random.choice(source["erp_invoices"])["account_id"] = other


def dated_otherwise(random: Random, source: Source, day: date) -> None:
    """A document has another date: of a closed month, of the open one, or of the future."""
    on = day + timedelta(days=random.choice([-300, -40, -3, 20]))
    random.choice(source["erp_invoices"])["invoice_date"] = on


def merged(random: Random, source: Source, day: date) -> None:
    """An account is merged into another one, now or with effect for closed months."""
    account, other = random.sample(source["crm_accounts"], 2)
    account["merged_into_account_id"] = other["account_id"]
    stamp = day - timedelta(days=random.choice([0, 0, 100]))
    account["updated_at"] = datetime.combine(stamp, time(8))


def account_deleted(random: Random, source: Source, day: date) -> None:
    """An account is gone: its documents are held back."""
    source["crm_accounts"].pop(random.randrange(len(source["crm_accounts"])))


def stands_twice(random: Random, source: Source, day: date) -> None:
    """A document stands twice with different content: neither counts."""
    row = random.choice(source["erp_invoices"])
    source["erp_invoices"].append({**row, "gross_amount": row["gross_amount"] + 1})


def rates_gone(random: Random, source: Source, day: date) -> None:
    """Rates of a quarter are gone: documents of it are held back for want of one."""
    end = day - timedelta(days=random.randrange(30, 300))
    source["erp_exchange_rates"] = [
        row
        for row in source["erp_exchange_rates"]
        if not end - timedelta(days=90) <= row["rate_date"] <= end
    ]


EDITS: tuple[Edit, ...] = (
    late_invoice, late_invoice, other_amount, other_cost, other_line, other_due_date, deleted,
    voided, moved, dated_otherwise, merged, account_deleted, stands_twice, rates_gone,
)  # fmt: skip


def edited(random: Random, source: Source, day: date) -> tuple[Source, list[str]]:
    """Return the source with up to three changes, and their names."""
    changed = deepcopy(source)
    edits = random.sample(EDITS, random.randrange(4))
    for edit in edits:
        edit(random, changed, day)
    return changed, [edit.__name__ for edit in edits]
