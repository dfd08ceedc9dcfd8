"""How accounts pay, recomputed from the documents (semantics 3.6), in cents and fractions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from statistics import median

from tests.properties.basics import add_months, half_away, month_end, to_cents
from tests.properties.books import Books
from tests.properties.ledger_days import Ledger
from tests.properties.windows import Windows


@dataclass(frozen=True)
class Paid:
    """What stands of one application on a day, in cents of the base currency."""

    invoice: str
    day: date
    amount: int


@dataclass
class Facts:
    """One external account on one day; amounts in cents."""

    channel: str
    terms: int | None
    invoices: int
    measured: int
    days_to_pay: int
    days_late: int
    oldest: int | None
    gross: int
    average: int
    cost: int
    net: int
    profit: int | None
    has_lines: bool
    cycle: Fraction | None = None
    peer_median: Fraction | None = None
    is_slow: bool | None = None
    is_below: bool | None = None

    @property
    def status(self) -> str:
        """Return the verdict; what cannot be judged does not hold."""
        if self.is_slow or self.is_below:
            return "trap"
        both = self.is_slow is None and self.is_below is None
        return "insufficient_history" if both else "no_trap"


class Payments:
    """All accounts of a company on the days described."""

    def __init__(self, books: Books, ledger: Ledger, windows: Windows) -> None:
        """Take what else was recomputed."""
        self.books, self.ledger, self.windows = books, ledger, windows
        self._found: dict[date, dict[str, Facts]] = {}

    @cached_property
    def days(self) -> list[date]:
        """The month-ends from the first document on, and D."""
        return sorted({*self.books.months, self.books.end})

    def rule(self, name: str, day: date) -> Fraction:
        """Return a number of the payment rules in force on a day."""
        return Fraction(str(self.books.rule("payment_rules", day)[name]))

    # --- what was paid ---------------------------------------------------------------------------

    def paid(self, first: date, day: date) -> list[Paid]:
        """Return the cash applied after `first` up to a day that no reversal had taken back."""
        given: dict[tuple[str, str | None], list[tuple[date, int]]] = defaultdict(list)
        back: dict[tuple[str, str | None], int] = defaultdict(int)
        for s in self.ledger.settlements:
            if s.kind == "payment" and s.day <= day:
                if s.amount > 0:
                    given[s.invoice, s.source].append((s.day, s.amount))
                else:
                    back[s.invoice, s.source] -= s.amount
        found = []
        for key, parts in given.items():
            rest = back[key]
            for on, amount in sorted(parts):
                gone = min(rest, amount)
                rest -= gone
                if first < on <= day and amount > gone:
                    r = self.ledger.documents[key[0]]
                    booked = self.books.in_base(
                        amount - gone, r["currency_code"], r["invoice_date"]
                    )
                    found.append(Paid(key[0], on, booked))
        return found

    # --- what was open ---------------------------------------------------------------------------

    @cached_property
    def spans(self) -> dict[str, list[tuple[date, date, int]]]:
        """Account to stretches of days and what of an invoice was open, at its booked rate."""
        books, found = self.books, defaultdict(list)
        moves: dict[str, dict[date, tuple[int, int]]] = defaultdict(dict)
        for key, r in self.ledger.documents.items():
            if r["document_type"] == "invoice":
                gross, day = to_cents(r["gross_amount"]), r["invoice_date"]
                value = books.in_base(gross, r["currency_code"], day)
                moves[key][day] = (gross, value)
                if self.ledger.gone(r) <= books.end:
                    moves[key][self.ledger.gone(r)] = (-gross, -value)
        for s in self.ledger.settlements:
            r = self.ledger.documents[s.invoice]
            value = books.in_base(s.amount, r["currency_code"], r["invoice_date"])
            before = moves[s.invoice].get(s.day, (0, 0))
            moves[s.invoice][s.day] = (before[0] - s.amount, before[1] - value)
        for key, steps in moves.items():
            rest = booked = 0
            for day, until in pairwise([*sorted(steps), date.max]):
                rest, booked = rest + steps[day][0], booked + steps[day][1]
                if rest > 0:
                    found[self.ledger.documents[key]["account_id"]].append((day, until, booked))
        return found

    def average(self, account: str, first: date, day: date) -> int:
        """Return the average of the balances at the end of each day after `first` up to a day."""
        start = max(first, self.books.first_document.replace(day=1) - timedelta(days=1))
        total = 0
        for valid_from, valid_to, booked in self.spans.get(account, []):
            low = max(valid_from, start + timedelta(days=1))
            high = min(valid_to, day + timedelta(days=1))
            total += booked * max((high - low).days, 0)
        return half_away(total, (day - first).days)

    # --- accounts on a day -----------------------------------------------------------------------

    def at(self, day: date, year_to_d: dict[str, tuple[int, int | None]]) -> dict[str, Facts]:
        """Return the external accounts of a day; `year_to_d` has their sales when it is D."""
        if day not in self._found:
            self._found[day] = self._facts(day, year_to_d)
            self._judge(day, self._found[day])
        return self._found[day]

    def _facts(self, day: date, year_to_d: dict[str, tuple[int, int | None]]) -> dict[str, Facts]:
        books, is_month_end = self.books, day == month_end(day)
        first = add_months(day, -12)
        first = month_end(first) if is_month_end else first
        paid: dict[str, list[Paid]] = defaultdict(list)
        for part in self.paid(first, day):
            paid[self.ledger.documents[part.invoice]["account_id"]].append(part)
        measure = self.windows.measure(day) if is_month_end else None
        found = {}
        for account, position in self.ledger.positions(day).items():
            if account in books.identity(day).internal:
                continue
            late = [i for i in position.items if i.bucket != "current"]
            shown = [
                (p.amount, p.day, self.ledger.documents[p.invoice]) for p in paid[account]
            ] + [(i.open, day, self.ledger.documents[i.invoice]) for i in late]  # fmt: skip
            window = self.windows.at(day).get(account) if is_month_end else None
            net, profit = year_to_d.get(account, (0, None))
            if is_month_end:
                net = window.net if window else 0
                has_cost = measure is not None and measure.has_cost
                profit = (window.value(measure.name) if window else 0) if has_cost else None
            average = self.average(account, first, day)
            k = self.rule("cost_of_capital", day)
            version = books.at(account, day)
            found[account] = Facts(
                channel=version["channel"] or "unknown",
                terms=version["payment_terms_days"],
                invoices=len({p.invoice for p in paid[account]} | {i.invoice for i in late}),
                measured=sum(amount for amount, _, _ in shown),
                days_to_pay=sum(a * (on - r["invoice_date"]).days for a, on, r in shown),
                days_late=sum(a * (on - self.ledger.due(r)).days for a, on, r in shown),
                oldest=max(((day - i.due).days for i in late), default=None),
                gross=sum(i.open for i in position.items),
                average=average,
                cost=half_away(average * k.numerator, k.denominator),
                net=net,
                profit=profit,
                has_lines=window is not None and window.count > 0,
            )
        return found

    def _judge(self, day: date, found: dict[str, Facts]) -> None:
        k, least = self.rule("cost_of_capital", day), self.rule("minimum_invoices", day)
        for f in found.values():
            if f.invoices >= least and f.measured:
                f.cycle = Fraction(f.days_to_pay, f.measured)
        for account, f in found.items():
            peers = [
                o.cycle
                for a, o in found.items()
                if a != account and o.channel == f.channel and o.cycle is not None
            ]
            if len(peers) >= self.rule("minimum_peers", day):
                f.peer_median = median(peers)
            if f.cycle is None:
                continue
            beyond_terms = beyond_peers = None
            if f.terms is not None:
                beyond_terms = f.cycle > f.terms + self.rule("over_terms_days", day)
            if f.peer_median is not None:
                beyond_peers = f.cycle > self.rule("peer_multiple", day) * f.peer_median
            if beyond_terms is False or beyond_peers is False:
                f.is_slow = False
            elif beyond_terms is not None and beyond_peers is not None:
                f.is_slow = True
            if f.net > 0 and f.profit is not None:
                f.is_below = Fraction(f.profit, f.net) - k * f.cycle / 365 < 0
