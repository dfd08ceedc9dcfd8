"""Collection figures recomputed for one day, from documents and the stocks of the aging (3.3-3.5).

Amounts in cents, days in hundredths.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from tests.properties.basics import add_months, half_away, month_end
from tests.properties.crowd import Case


@dataclass
class Sums:
    """What the figures of a scope rest on."""

    beginning: int = 0
    ending: int = 0
    current: int = 0
    count: int = 0
    paid: int = 0
    paid_days: int = 0
    late_days: int = 0
    sales: dict[date, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, other: Sums) -> None:
        """Add another account."""
        for name in ("beginning", "ending", "current", "count", "paid", "paid_days", "late_days"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for month, amount in other.sales.items():
            self.sales[month] += amount


@dataclass(frozen=True)
class Paid:
    """What one payment paid on an invoice in one application, or took back."""

    day: date
    amount: int
    age: int
    late: int


class Collections:
    """The flows of a company, and its figures on a day."""

    def __init__(self, case: Case) -> None:
        """Take the documents and the aging of a company."""
        self.case, self.books, self.ledger = case, case.books, case.ledger
        self.stocks = {
            (r["as_of_date"], r["account_id"]): (
                int(r["gross_open_amount"] * 100), int(r["current_amount"] * 100)
            )
            for r in case.mart("receivables_aging")
        }  # fmt: skip

    @cached_property
    def sales(self) -> dict[str, dict[date, int]]:
        """Account and month to what was sold on credit."""
        found: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
        for r in self.ledger.documents.values():
            day = r["invoice_date"]
            is_cash = r.get("is_cash_sale")
            is_cash = self.ledger.due(r) <= day if is_cash is None else is_cash
            if r["document_type"] == "invoice" and is_cash:
                continue
            amount = self.books.in_base(int(r["gross_amount"] * 100), r["currency_code"], day)
            found[r["account_id"]][day.replace(day=1)] += amount
            if (gone := self.ledger.gone(r)) <= self.books.end:
                found[r["account_id"]][gone.replace(day=1)] -= amount
        return found

    @cached_property
    def payments(self) -> dict[tuple[str, str, str | None], list[Paid]]:
        """Account, invoice and payment to what was applied, in order."""
        found: dict[tuple[str, str, str | None], list[Paid]] = defaultdict(list)
        for s in sorted(self.ledger.settlements, key=lambda s: s.day):
            invoice = self.ledger.documents[s.invoice]
            if s.kind == "payment" and s.amount:
                key = (invoice["account_id"], s.invoice, s.source)
                age = (s.day - invoice["invoice_date"]).days
                late = (s.day - self.ledger.due(invoice)).days
                found[key].append(Paid(s.day, s.amount, age, late))
        return found

    def accounts(self, day: date) -> dict[str, Sums]:
        """Return what the figures of each account rest on."""
        month = day.replace(day=1)
        is_end = day == month_end(day)
        year_start = month_end(add_months(month, -12)) if is_end else add_months(day, -12)
        before = add_months(month, 1 - self.months(day, "period")) - timedelta(days=1)
        found = {}
        for (at, account), (gross, current) in self.stocks.items():
            if at == day:
                begin = self.stocks.get((before, account), (0, 0))[0]
                found[account] = Sums(begin, gross, current)
                found[account].sales.update(self.sales[account])
        for (account, invoice, _), applied in self.payments.items():
            code, on = (
                self.ledger.documents[invoice][c] for c in ("currency_code", "invoice_date")
            )
            # Reversals take back the oldest part first.
            back = -sum(p.amount for p in applied if p.amount < 0 and p.day <= day)
            for p in applied:
                if p.amount < 0 or p.day > day:
                    continue
                left = max(p.amount - back, 0)
                back = max(back - p.amount, 0)
                if left and p.day > year_start:
                    amount, sums = self.books.in_base(left, code, on), found[account]
                    sums.count, sums.paid = sums.count + 1, sums.paid + amount
                    sums.paid_days += amount * p.age
                    sums.late_days += amount * p.late
        return found

    def months(self, day: date, name: str) -> int:
        """Return a number of months of the rules in force."""
        return int(self.books.rule("collection_rules", day)[f"{name}_months"])

    def scopes(self, day: date) -> dict[tuple[str, str], Sums]:
        """Return the same by scope, with every account where it is on the day."""
        identity = self.books.identity(day)
        last = day if day == month_end(day) else day.replace(day=1) - timedelta(days=1)
        tiers = self.case.ratings.get(last, {})
        found: dict[tuple[str, str], Sums] = defaultdict(Sums)
        for account, sums in self.accounts(day).items():
            found["account", account].add(sums)
            if account in identity.internal:
                continue
            r, rating = self.books.at(account, day), tiers.get(identity.unit[account])
            for key in (
                ("company", "company"), ("channel", r["channel"] or "unknown"),
                ("region", r["region"] or "unknown"), ("owner", r["owner_user_id"] or "none"),
                ("tier", rating.tier if rating else "none"),
            ):  # fmt: skip
                found[key].add(sums)
        return found

    def figures(self, s: Sums, day: date) -> tuple[object, ...]:
        """Return the columns of the mart from `period_from` on, money in cents."""
        month = day.replace(day=1)
        first = add_months(month, 1 - self.months(day, "period"))
        days = (day - first).days + 1
        sales = sum(a for m, a in s.sales.items() if first <= m <= day)
        simple_from = add_months(month, 1 - self.months(day, "simple_lookback"))
        simple = sum(a for m, a in s.sales.items() if simple_from <= m <= day)
        base = s.beginning + sales - s.current
        walked, rest = countback(s, day, self.months(day, "countback_lookback"))
        return (
            first, days, s.beginning, sales, s.ending, s.current,
            half_away((s.beginning + sales - s.ending) * 10**6, base) if base > 0 else None,
            *(
                half_away(amount * days * 100, sales) if sales > 0 else None
                for amount in (s.ending, s.current, s.ending - s.current)
            ),
            half_away((s.ending - s.current) * 10**6, s.ending) if s.ending else None,
            half_away(s.ending * ((day - simple_from).days + 1) * 100, simple)
            if simple > 0 else None,
            walked, rest > 0, rest,
            half_away(s.paid_days * 100, s.paid) if s.paid > 0 else None,
            half_away(s.late_days * 100, s.paid) if s.paid > 0 else None,
            s.count, s.paid,
        )  # fmt: skip


def countback(s: Sums, day: date, lookback: int) -> tuple[int, int]:
    """Return the days in hundredths that the receivables use up, and what is left of them."""
    rest, walked, last = s.ending, 0, day
    for _ in range(lookback):
        if rest <= 0:
            break
        month = last.replace(day=1)
        days, sales = (last - month).days + 1, max(s.sales[month], 0)
        if sales and rest <= sales:
            return walked + half_away(rest * days * 100, sales), 0
        walked, rest, last = walked + days * 100, rest - sales, month - timedelta(days=1)
    return walked, max(rest, 0)
