"""Properties of receivables (I1 to I9) and of the alerts that rest on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from tests.properties.basics import BASE, month_end, to_cents
from tests.properties.crowd import Case, cents, difference
from tests.properties.ledger_days import AGE, DUE, Position

DUE_COLUMNS = (
    "current_amount", "overdue_1_30_amount", "overdue_31_60_amount", "overdue_61_90_amount",
    "overdue_90_plus_amount",
)  # fmt: skip
# Compared on every day with an account; the others need documents or the day before.
ALWAYS = (
    "buckets_due_date", "buckets_invoice_date", "current_plus_overdue", "general_ledger",
    "sum_of_owners", "sum_of_channels", "sum_of_tiers",
)  # fmt: skip
SIDES = {"financing_cost": "financing", "general_ledger": "net", "net_equals_documents": "net",
         "roll_forward": "net"}  # fmt: skip
AGE_COLUMNS = ("age_0_30_amount", "age_31_60_amount", "age_61_90_amount", "age_90_plus_amount")


def buckets_add_up(case: Case) -> Iterator[str]:
    """I1, I3, I8: both bases sum to the gross amount, no bucket is negative."""
    for r in case.mart("receivables_aging"):
        where = f"{r['as_of_date']} {r['account_id']}"
        for columns in (DUE_COLUMNS, AGE_COLUMNS, ("current_amount", "overdue_amount")):
            if sum(r[c] for c in columns) != r["gross_open_amount"]:
                yield f"{where}: {columns} are not the gross amount"
        if min(r[c] for c in DUE_COLUMNS + AGE_COLUMNS) < 0:
            yield f"{where}: a bucket is negative"


def aging_is_recomputed(case: Case) -> Iterator[str]:
    """I1, I3: every account on every day described, item by item from the documents."""
    if not case.has_receivables:
        if case.mart("receivables_aging") or case.mart("receivables_open_items"):
            yield "rows without delivered applications"
        return
    found: dict[date, dict[str, tuple]] = defaultdict(dict)
    for r in case.mart("receivables_aging"):
        found[r["as_of_date"]][r["account_id"]] = (
            *(cents(r[c]) for c in (*DUE_COLUMNS, *AGE_COLUMNS)), cents(r["unapplied_cash_amount"]),
            cents(r["unapplied_credit_amount"]), cents(r["net_receivables_amount"]),
            cents(r["net_receivables_booked_amount"]), cents(r["disputed_amount"]),
            r["open_items_count"],
            r["account_id"] in case.books.identity(r["as_of_date"]).internal,
        )  # fmt: skip
        if r["has_finance_contact"] != _has_finance_contact(case, r["account_id"]):
            yield f"{r['as_of_date']} {r['account_id']}: has_finance_contact"
        flags = (r["as_of_date"] == month_end(r["as_of_date"]), r["as_of_date"] == case.books.end)
        if (r["is_month_end"], r["is_latest"]) != flags:
            yield f"{r['as_of_date']}: is_month_end and is_latest are not {flags}"
        if r["is_internal"] != found[r["as_of_date"]][r["account_id"]][-1]:
            yield f"{r['as_of_date']} {r['account_id']}: is_internal"
    days = sorted({*case.books.months, case.books.end})
    if sorted(found) != [d for d in days if d in found] or len(found) < len(days) - 1:
        yield f"days {sorted(found)[:3]}, expected {days[:3]}"
    for day in days:
        expected = {
            a: (*_buckets(p), a in case.books.identity(day).internal)
            for a, p in case.ledger.positions(day).items()
        }
        if problem := difference(expected, found[day]):
            yield f"{day}: {problem}"
            return


def _has_finance_contact(case: Case, account: str) -> bool:
    return any(
        r["account_id"] == account
        and r["department"] == "finance"
        and r["is_active"] in {None, True}
        for r in case.inputs.rows.get("crm_contacts", [])
    )


def _buckets(p: Position) -> tuple[int, ...]:
    due = [sum(i.open for i in p.items if i.bucket == name) for name, _ in DUE]
    age = [sum(i.open for i in p.items if i.age_bucket == name) for name, _ in AGE]
    return (
        *due, *age, p.cash, p.credit, sum(due) - p.cash - p.credit, p.booked,
        sum(i.disputed for i in p.items), len(p.items),
    )  # fmt: skip


def open_items_are_recomputed(case: Case) -> Iterator[str]:
    """I1: the open items of the as-of date."""
    if not case.has_receivables:
        return
    found = {
        r["invoice_id"]: (
            r["account_id"], r["effective_due_date"], r["is_due_date_imputed"],
            cents(r["open_document_amount"]), cents(r["open_amount"]),
            cents(r["open_booked_amount"]), cents(r["disputed_amount"]), r["bucket"],
            r["age_bucket"], r["past_due_days"], r["age_days"], r["owner_user_id"],
            r["channel"],
        )
        for r in case.mart("receivables_open_items")
    }  # fmt: skip
    expected = {}
    for position in case.ledger.positions(case.books.end).values():
        for i in position.items:
            version = case.books.at(i.account, case.books.end)
            invoice = case.ledger.documents[i.invoice]
            expected[i.invoice] = (
                i.account, i.due, i.is_imputed, i.open_document, i.open, i.booked, i.disputed,
                i.bucket, i.age_bucket, (case.books.end - i.due).days,
                (case.books.end - invoice["invoice_date"]).days, version["owner_user_id"],
                version["channel"] or "unknown",
            )  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def _flows(case: Case) -> list[tuple[date, int]]:
    """Return what moved the receivables of the company, at booked rates, by day (I2)."""
    books, flows = case.books, []
    for r in case.ledger.documents.values():
        amount = books.in_base(to_cents(r["gross_amount"]), r["currency_code"], r["invoice_date"])
        flows.append((r["invoice_date"], amount))
        if case.ledger.gone(r) <= books.end:
            flows.append((case.ledger.gone(r), -amount))
    for r in books.payments.values():
        amount = books.in_base(to_cents(r["amount"]), r["currency_code"], r["received_date"])
        flows.append((r["received_date"], -amount))
    for s in case.ledger.settlements:
        if s.source is None:
            invoice = case.ledger.documents[s.invoice]
            amount = books.in_base(s.amount, invoice["currency_code"], invoice["invoice_date"])
            flows.append((s.day, -amount))
    return flows


def net_is_what_the_documents_say(case: Case) -> Iterator[str]:
    """I2, I4: net receivables = invoices - receipts - memos - write-offs, on every day described.

    In a company with foreign documents the realised exchange difference stands between the two, and
    the published one must be that difference.
    """
    if not case.has_receivables:
        return
    net: dict[date, int] = defaultdict(int)
    for r in case.mart("receivables_aging"):
        net[r["as_of_date"]] += int(r["net_receivables_booked_amount"] * 100)
    flows = _flows(case)
    explained = {
        (r["as_of_date"], r["check_name"]): r for r in case.mart("receivables_reconciliation")
    }
    before: int | None = None
    for day, amount in sorted(net.items()):
        expected = sum(a for d, a in flows if d <= day)
        row = explained.get((day, "net_equals_documents"))
        if row is None:
            if flows and expected:
                yield f"{day}: no reconciliation"
            continue
        realised = int(row["realised_fx_amount"] * 100)
        step = explained.get((day, "roll_forward"))
        if step is not None and before is not None:
            moved = int(step["realised_fx_amount"] * 100)
            if moved != realised - before:
                yield f"{day}: {moved} realised since the day before, expected {realised - before}"
        before = realised
        if case.is_base_only and realised:
            yield f"{day}: a realised difference of {realised} without foreign documents"
        if amount != expected + realised:
            yield f"{day}: net {amount}, documents {expected}, realised {realised}"


def reconciliation_repeats_its_sides(case: Case) -> Iterator[str]:
    """I7, I9: the control account is compared as it is; owners, channels and tiers add up."""
    gl = {r["balance_date"]: r["receivables_amount"]
          for r in case.inputs.rows.get("erp_gl_balances", [])}  # fmt: skip
    sums: dict[date, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for r in case.mart("receivables_aging"):
        sums[r["as_of_date"]]["net"] += r["net_receivables_booked_amount"]
        sums[r["as_of_date"]]["gross"] += r["gross_open_amount"]
    for r in case.mart("payment_behaviour"):
        sums[r["as_of_date"]]["financing"] += r["financing_cost_amount"]
    rows = case.mart("receivables_reconciliation")
    compared = {(r["as_of_date"], r["check_name"]) for r in rows}
    if missing := {(day, name) for day in sums for name in ALWAYS} - compared:
        yield f"not compared: {min(missing)}"
    for r in rows:
        day, name = r["as_of_date"], r["check_name"]
        if r["is_blocking"] != (name == "general_ledger"):
            yield f"{day} {name}: is_blocking {r['is_blocking']}"
        left = sums[day][SIDES.get(name, "gross")]
        if r["left_amount"] != left:
            yield f"{day} {name}: left {r['left_amount']}, the aging says {left}"
        right = gl.get(day) if name == "general_ledger" else r["right_amount"]
        if r["right_amount"] != right:
            yield f"{day} {name}: right {r['right_amount']}, landed {right}"
        status = "not_available"
        if right is not None:
            status = "ok" if abs(left - right) <= Decimal("0.01") else "different"
        if r["check_status"] != status:
            yield f"{day} {name}: {r['check_status']}, expected {status}"
        if name != "general_ledger" and status == "different":
            yield f"{day} {name}: {left} is not {right}"


def overdue_alerts_are_recomputed(case: Case) -> Iterator[str]:
    """I38, I40: an alert for the first day of each run of debts over 90 days, and no other."""
    if not case.has_receivables:
        return
    internal = case.books.identity
    expected = {
        key: True for key in case.ledger.overdue_starts() if key[0] not in internal(key[1]).internal
    }
    found = {
        (r["account_id"], r["effective_date"]): True
        for r in case.mart("alert_events")
        if r["alert_type"] == "overdue_90_enter"
    }
    if problem := difference(expected, found):
        yield problem


def foreign_documents_use_their_rates(case: Case) -> Iterator[str]:
    """I2: what is open is worth its closing rate; the rest to the booked value is unrealised."""
    for r in case.mart("receivables_aging"):
        net = r["gross_open_amount"] - r["unapplied_cash_amount"] - r["unapplied_credit_amount"]
        if r["net_receivables_amount"] != net:
            yield f"{r['as_of_date']} {r['account_id']}: net {r['net_receivables_amount']}"
        if r["unrealised_fx_amount"] != net - r["net_receivables_booked_amount"]:
            yield f"{r['as_of_date']} {r['account_id']}: unrealised {r['unrealised_fx_amount']}"
        if case.is_base_only and r["unrealised_fx_amount"]:
            yield f"{r['as_of_date']} {r['account_id']}: a difference in {BASE} alone"


CHECKS = (
    buckets_add_up, aging_is_recomputed, open_items_are_recomputed, net_is_what_the_documents_say,
    reconciliation_repeats_its_sides, overdue_alerts_are_recomputed,
    foreign_documents_use_their_rates,
)  # fmt: skip
