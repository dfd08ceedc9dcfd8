"""Promises to pay, recomputed invoice by invoice (semantics 4, point 12)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from tests.properties.basics import to_cents
from tests.properties.crowd import Case, cents, difference

ONE_DAY = timedelta(days=1)


class Broken(NamedTuple):
    """What had come of a promise when its day was over; base currency at booked rates, cents."""

    invoice: str
    promised: int
    paid: int
    missing: int
    left: int


def _promises(case: Case) -> dict[str, dict[date, int]]:
    """Return what is promised by invoice and day, in cents of the invoice's currency."""
    found: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for r in case.inputs.rows.get("erp_payment_promises", []):
        invoice = case.ledger.documents.get(r["invoice_id"])
        if invoice is not None and invoice["document_type"] == "invoice" and case.has_receivables:
            found[r["invoice_id"]][r["promised_date"]] += to_cents(r["amount"])
    return found


def _broken(case: Case) -> dict[tuple[str, date], Broken]:
    """Return the broken promises by invoice and promised day."""
    books, found = case.books, {}
    for key, days in _promises(case).items():
        r = case.ledger.documents[key]
        code, dated = r["currency_code"], r["invoice_date"]
        gross = to_cents(r["gross_amount"])
        settled = [s for s in case.ledger.settlements if s.invoice == key]
        for former, day in pairwise([date.min, *sorted(days)]):
            came = [s for s in settled if s.day <= day]
            paid = sum(s.amount for s in came if s.day > former and s.kind == "payment")
            is_owed = dated <= day < case.ledger.gone(r)
            left = gross - sum(s.amount for s in came) if is_owed else 0
            missing = min(days[day] - max(paid, 0), left)
            if missing > 0 and day < books.end:
                booked = books.in_base(gross, code, dated)
                booked -= sum(books.in_base(s.amount, code, dated) for s in came)
                found[key, day] = Broken(
                    key, *(books.in_base(a, code, dated) for a in (days[day], max(paid, 0))),
                    books.in_base(missing, code, dated), booked,
                )  # fmt: skip
    return found


def broken_promises_are_told(case: Case) -> Iterator[str]:
    """One alert an account and promised day on which less had come than was promised."""
    told: dict[tuple[str, date], list[Broken]] = defaultdict(list)
    for (key, day), broken in _broken(case).items():
        account = case.ledger.documents[key]["account_id"]
        if account not in case.books.identity(day + ONE_DAY).internal:
            told[account, day + ONE_DAY].append(broken)
    expected = {
        (account, day): (
            "medium", "digest", case.books.at(account, day)["owner_user_id"],
            sum(b.missing for b in broken), min(b.invoice for b in broken), len(broken),
            str(day - ONE_DAY), sum(b.promised for b in broken), sum(b.paid for b in broken),
            sum(b.left for b in broken),
        )
        for (account, day), broken in told.items()
    }  # fmt: skip
    found = {}
    for r in case.mart("alert_events"):
        if r["alert_type"] == "promise_broken":
            said = json.loads(r["payload"])
            found[r["unit_id"], r["effective_date"]] = (
                r["severity"], r["delivery"], r["owner_user_id"], cents(r["at_stake_amount"]),
                said["invoice_id"], said["invoices_count"], said["promised_date"],
                *(round(said[f"{key}_amount"] * 100) for key in ("promised", "paid", "left_open")),
            )  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def open_items_carry_their_promise(case: Case) -> Iterator[str]:
    """The last promised day, and whether any promise of the item was broken."""
    promises, broken = _promises(case), {key for key, _ in _broken(case)}
    for r in case.mart("receivables_open_items"):
        key = r["invoice_id"]
        expected = (max(promises[key]) if key in promises else None, key in broken)
        if (r["promised_date"], r["is_promise_broken"]) != expected:
            yield f"{key}: {r['promised_date']} {r['is_promise_broken']}, expected {expected}"


CHECKS = (broken_promises_are_told, open_items_carry_their_promise)
