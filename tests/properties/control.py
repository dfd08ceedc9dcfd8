"""Receipts and what became of them, recomputed document by document (semantics 3.7, R6)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import Any

from tests.properties.basics import FIRST_DAY, add_months, half_away, month_end, to_cents
from tests.properties.books import Books
from tests.properties.harness import Row, seeds
from tests.properties.ledger_days import Ledger, Settlement

RULES = seeds()["control_rules"][1][0]


def share(rule: str) -> Fraction:
    """Return a share of the rules, exactly."""
    return Fraction(RULES[rule])


def year_before(day: date) -> date:
    """Return the day before the twelve months to a day (ruling 3)."""
    start = add_months(day, -12)
    return month_end(start) if month_end(day) == day else start


class Receipts:
    """What came in, and what became of it."""

    def __init__(self, books: Books, ledger: Ledger) -> None:
        """Take the receipts of the company."""
        self.books, self.ledger = books, ledger
        self.paid = [s for s in ledger.settlements if s.kind == "payment"]

    def unapplied(self, day: date) -> dict[str, list[tuple[int, int]]]:
        """Return age and amount of each unapplied receipt and surplus, by account."""
        books, found = self.books, defaultdict(list)
        used: dict[str, int] = defaultdict(int)
        applied: dict[str, int] = defaultdict(int)
        last: dict[str, date] = {}
        for s in self.ledger.settlements:
            if s.day <= day:
                applied[s.invoice] += s.amount
                last[s.invoice] = max(last.get(s.invoice, s.day), s.day)
                if s.source:
                    used[s.source] += s.source_amount
        for key, r in books.payments.items():
            rest = to_cents(r["amount"]) - used[key]
            if r["received_date"] <= day and rest:
                found[r["account_id"]].append(
                    ((day - r["received_date"]).days, books.in_base(rest, r["currency_code"], day))
                )
        for key, total in applied.items():
            r = self.ledger.documents[key]
            over = total - to_cents(r["gross_amount"])
            if over > 0:
                found[r["account_id"]].append(
                    ((day - last[key]).days, books.in_base(over, r["currency_code"], day))
                )
        return found

    def old(self, items: list[tuple[int, int]]) -> tuple[int, int | None]:
        """Return the old amount and the age of the oldest receipt."""
        limit = int(RULES["unapplied_days"])
        old = sum(a for age, a in items if a < 0 or age > limit)
        is_any = sum(a for _, a in items) > 0
        return max(old, 0), max(age for age, a in items if a > 0) if is_any else None

    def signals(self, account: str, day: date) -> dict[str, Any]:
        """Return the measures of an account over the twelve months to a day."""
        start = year_before(day)
        mine = [r for r in self.books.payments.values()
                if r["account_id"] == account and start < r["received_date"] <= day]  # fmt: skip
        receipts = [r for r in mine if r["amount"] > 0]
        amounts = {r["payment_id"]: self._base(r) for r in receipts}
        total = sum(amounts.values())
        applied = [s for s in self.paid if start < s.day <= day and s.amount > 0]
        here = [s for s in applied if self.ledger.documents[s.invoice]["account_id"] == account]
        own = [s for s in applied if s.source and self._receipt(s)["account_id"] == account]
        # However many parts: a receipt counts once a day, and once an invoice and day.
        lags = [(day - self.books.payments[key]["received_date"]).days
                for key, day in {(str(s.source), s.day) for s in own}]  # fmt: skip
        parts: dict[tuple[str | None, str, date], list[Settlement]] = defaultdict(list)
        for s in here:
            parts[(s.source, s.invoice, s.day)].append(s)
        one_each = [(group[0], self._booked(*group)) for group in parts.values()]
        paid = sum(v for _, v in one_each)
        cross = sum(v for s, v in one_each
                    if s.source and self._receipt(s)["account_id"] != account)  # fmt: skip
        late = sum(v for s, v in one_each if self._is_out_of_order(s))
        third = sum(amounts[r["payment_id"]] for r in receipts if self._is_third(r))
        cash = sum(amounts[r["payment_id"]] for r in receipts
                   if (r["method"] or "").strip().lower() == "cash")  # fmt: skip
        return {
            "lag": Fraction(median(map(Fraction, lags))) if lags else None, "lags": len(lags),
            "count": len(receipts), "amount": total,
            "third": Fraction(third, total) if total and self._named("payer_account_id", day)
            else None,
            "cash": Fraction(cash, total) if total and self._named("method", day) else None,
            "order": Fraction(late, paid) if paid else None,
            "cross": Fraction(cross, paid) if paid else None,
            "applications": len(parts), "reversed": self._reversed(account, start, day),
        }  # fmt: skip

    def _receipt(self, s: Settlement) -> Row:
        return self.books.payments[str(s.source)]

    def _base(self, r: Row) -> int:
        return self.books.in_base(to_cents(r["amount"]), r["currency_code"], r["received_date"])

    def _booked(self, *parts: Settlement) -> int:
        """Return what parts of one invoice are worth at its rate."""
        r = self.ledger.documents[parts[0].invoice]
        amount = sum(s.amount for s in parts)
        return self.books.in_base(amount, r["currency_code"], r["invoice_date"])

    def _named(self, column: str, day: date) -> bool:
        return any(r[column] is not None and r["received_date"] <= day
                   for r in self.books.payments.values())  # fmt: skip

    def _is_third(self, r: Row) -> bool:
        if r["payer_account_id"] not in self.books.versions:
            return False
        day = min(month_end(r["received_date"]), self.books.end)
        if day < month_end(self.books.first_document):
            day = FIRST_DAY
        unit = self.books.identity(day).unit
        return unit[r["payer_account_id"]] != unit[r["account_id"]]

    def _is_out_of_order(self, s: Settlement) -> bool:
        invoice = self.ledger.documents[s.invoice]
        for key, r in self.ledger.documents.items():
            if (
                r["document_type"] == "invoice" and r["account_id"] == invoice["account_id"]
                and not r["disputed_amount"] and r["invoice_date"] < invoice["invoice_date"]
                and (s.day - self.ledger.due(r)).days > int(RULES["out_of_order_days"])
                and self._open(key, s.day) > 0
            ):  # fmt: skip
                return True
        return False

    def _open(self, invoice: str, day: date) -> int:
        applied = sum(s.amount for s in self._of_invoice[invoice] if s.day <= day)
        r = self.ledger.documents[invoice]
        return (to_cents(r["gross_amount"]) if day < self.ledger.gone(r) else 0) - applied

    @property
    def _of_invoice(self) -> dict[str, list[Settlement]]:
        if not hasattr(self, "_kept"):
            self._kept: dict[str, list[Settlement]] = defaultdict(list)
            for s in self.ledger.settlements:
                self._kept[s.invoice].append(s)
        return self._kept

    def _reversed(self, account: str, start: date, end: date) -> int:
        net: dict[tuple[str, date], int] = defaultdict(int)
        for s in self.paid:
            if s.source and self._receipt(s)["account_id"] == account and start < s.day <= end:
                net[(s.source, s.day)] += s.source_amount
        by_day: dict[date, list[int]] = defaultdict(lambda: [0, 0])
        for (_, day), amount in net.items():
            by_day[day][0] += amount < 0
        for r in self.books.payments.values():
            if r["account_id"] == account and r["amount"] < 0 and start < r["received_date"] <= end:
                by_day[r["received_date"]][1] += 1
        return sum(max(both) for both in by_day.values())

    def handovers(self, day: date) -> dict[str, list[Fraction]]:
        """Return by owner how the cycle of each account taken over lately changed, in days."""
        found: dict[str, list[Fraction]] = defaultdict(list)
        internal = self.books.identity(day).internal
        for account, versions in self.books.versions.items():
            changes = [
                (first, new["owner_user_id"], old["owner_user_id"])
                for (_, old), (first, new) in pairwise(versions)
                if new["owner_user_id"] != old["owner_user_id"] and first <= day
            ]
            if not changes or account in internal:
                continue
            taken, owner, former = changes[-1]
            months = int(RULES["handover_months"])
            if owner is None or former is None or add_months(taken, months) <= day:
                continue
            sides = [self._cycle(account, add_months(taken, -12), taken, day),
                     self._cycle(account, taken, date.max, day)]  # fmt: skip
            if None not in sides:
                # Each cycle to four decimals, as the model keeps it.
                found[owner].append(Fraction(sides[1] - sides[0], 10**4))  # type: ignore[operator]
        return found

    def _cycle(self, account: str, first: date, until: date, day: date) -> int | None:
        """Return amount-weighted days, in 10^-4, of invoices of a time; None without amount."""
        amount = weighed = 0
        invoices = {
            key: r for key, r in self.ledger.documents.items()
            if r["account_id"] == account and r["document_type"] == "invoice"
            and first <= r["invoice_date"] < until
        }  # fmt: skip
        for s in self.paid:
            if s.invoice in invoices and s.day <= day:
                amount += self._booked(s)
                weighed += self._booked(s) * (s.day - invoices[s.invoice]["invoice_date"]).days
        position = self.ledger.positions(day).get(account)
        for item in position.items if position else ():
            if item.invoice in invoices and item.bucket != "current":
                amount += item.booked
                weighed += item.booked * (day - invoices[item.invoice]["invoice_date"]).days
        return half_away(weighed * 10**4, amount) if amount > 0 else None
