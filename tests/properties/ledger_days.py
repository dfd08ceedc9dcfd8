"""Receivables recomputed item by item for one day (semantics 3.2, rulings 16 to 19)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from tests.properties.basics import BASE, half_away, to_cents
from tests.properties.books import Books
from tests.properties.harness import Row

DUE = (("current", 0), ("1-30", 30), ("31-60", 60), ("61-90", 90), ("90+", 10**9))
AGE = (("0-30", 30), ("31-60", 60), ("61-90", 90), ("90+", 10**9))


@dataclass(frozen=True)
class Item:
    """One open invoice on one day; amounts in cents."""

    invoice: str
    account: str
    due: date
    is_imputed: bool
    open_document: int
    open: int
    booked: int
    disputed: int
    bucket: str
    age_bucket: str


@dataclass
class Position:
    """What one account owes on one day, in cents."""

    items: list[Item] = field(default_factory=list)
    cash: int = 0
    credit: int = 0
    unapplied_booked: int = 0

    @property
    def booked(self) -> int:
        """What is owed at booked rates, unapplied money taken off (ruling 17)."""
        return sum(item.booked for item in self.items) - self.unapplied_booked


@dataclass(frozen=True)
class Settlement:
    """One application that counts, from the day on which both sides exist."""

    day: date
    invoice: str
    kind: str
    source: str | None
    amount: int
    source_amount: int
    source_rate: int


class Ledger:
    """The receivables of a company as known on its as-of date."""

    def __init__(self, books: Books) -> None:
        """Take the documents of the company."""
        self.books = books

    @cached_property
    def documents(self) -> dict[str, Row]:
        """What was owed at some time: posted documents, and those that were void later."""
        late = {
            r["invoice_id"]: r for r in self.books.inputs.rows["erp_invoices"]
            if r["status"] == "void" and r.get("voided_on") is not None
            and r["invoice_date"] < r["voided_on"] and r["invoice_date"] <= self.books.end
        }  # fmt: skip
        return self.books.documents | late

    def gone(self, r: Row | None) -> date:
        """Return the day from which on a document is void."""
        is_void = r is not None and r["status"] == "void"
        return r["voided_on"] if r is not None and is_void else date.max

    @cached_property
    def settlements(self) -> list[Settlement]:
        """The applications to invoices, taken back when one of the two is voided."""
        books, found = self.books, []
        for r in books.applications:
            invoice = self.documents.get(r["invoice_id"])
            if invoice is None or invoice["document_type"] != "invoice":
                continue
            kind, source = r["application_type"], r["source_document_id"]
            origin: Row | None = None
            received: date | None = None
            if kind == "payment" and source in books.payments:
                origin = books.payments[source]
                received = origin["received_date"]
            note = self.documents.get(source) if kind == "credit_note" else None
            if note and note["document_type"] == "credit_note":
                origin, received = note, note["invoice_date"]
            day = max(r["applied_date"], invoice["invoice_date"], received or date.min)
            amount = to_cents(r["amount"])
            theirs, code = amount, invoice["currency_code"]
            rate = books.rate(code, received or invoice["invoice_date"])
            if origin and (origin["currency_code"] or BASE) != (invoice["currency_code"] or BASE):
                # At the cross rate of the day on which it was applied (ruling 17).
                rate = books.rate(code, r["applied_date"])
                base = books.in_base(amount, code, r["applied_date"])
                theirs = half_away(
                    base * 10**8, books.rate(origin["currency_code"], r["applied_date"])
                )
            known = source if origin else None
            until = min(self.gone(invoice), self.gone(note if origin is note else None))
            if day < until:
                found.append(Settlement(day, r["invoice_id"], kind, known, amount, theirs, rate))
                if until <= books.end:
                    back = Settlement(until, r["invoice_id"], kind, known, -amount, -theirs, rate)
                    found.append(back)
        return found

    def due(self, r: Row) -> date:
        """Return the due date of an invoice: its own, by its terms, by the rule (3.2)."""
        if r["due_date"]:
            return r["due_date"]
        terms = self.books.at(r["account_id"], r["invoice_date"])["payment_terms_days"]
        if terms is None:
            rule = self.books.rule("alert_rules", r["invoice_date"], rule="default_terms_days")
            terms = int(float(rule["amount"]))
        return r["invoice_date"] + timedelta(days=terms)

    def positions(self, day: date) -> dict[str, Position]:
        """Return what each account with a document by then owes on a day."""
        books = self.books
        applied: dict[str, int] = defaultdict(int)
        booked: dict[str, int] = defaultdict(int)
        used: dict[str, int] = defaultdict(int)
        last: dict[str, tuple[date, int]] = {}
        for s in self.settlements:
            if s.day <= day:
                last[s.invoice] = max(
                    last.get(s.invoice, (s.day, s.source_rate)), (s.day, s.source_rate)
                )
                code = self.documents[s.invoice]["currency_code"]
                applied[s.invoice] += s.amount
                booked[s.invoice] += books.in_base(
                    s.amount, code, self.documents[s.invoice]["invoice_date"]
                )
                if s.source:
                    used[s.source] += s.source_amount
        found: dict[str, Position] = defaultdict(Position)
        for key, r in self.documents.items():
            if r["invoice_date"] > day:
                continue
            position, code = found[r["account_id"]], r["currency_code"]
            gross = to_cents(r["gross_amount"]) if day < self.gone(r) else 0
            if r["document_type"] == "credit_note":
                position.credit += books.in_base(-gross - used[key], code, day)
                position.unapplied_booked += books.in_base(
                    -gross - used[key], code, r["invoice_date"]
                )
                continue
            rest = gross - applied[key]
            if rest < 0:
                position.cash += books.in_base(-rest, code, day)
                position.unapplied_booked += half_away(-rest * last[key][1], 10**8)
            elif rest > 0:
                at_booking = books.in_base(gross, code, r["invoice_date"]) - booked[key]
                position.items.append(self._item(key, r, rest, at_booking, day))
        for key, r in books.payments.items():
            if r["received_date"] <= day:
                rest = to_cents(r["amount"]) - used[key]
                position, code = found[r["account_id"]], r["currency_code"]
                position.cash += books.in_base(rest, code, day)
                position.unapplied_booked += books.in_base(rest, code, r["received_date"])
        return found

    def _item(self, key: str, r: Row, rest: int, booked: int, day: date) -> Item:
        due, code = self.due(r), r["currency_code"]
        late, age = (day - due).days, (day - r["invoice_date"]).days
        return Item(
            key, r["account_id"], due, r["due_date"] is None, rest,
            self.books.in_base(rest, code, day), booked,
            self.books.in_base(min(to_cents(r["disputed_amount"]), rest), code, day),
            next(name for name, last in DUE if late <= last),
            next(name for name, last in AGE if age <= last),
        )  # fmt: skip

    def old_periods(self, days: int = 91) -> dict[str, list[tuple[date, date]]]:
        """Return by account the periods in which it owed an invoice that old; ends are excluded."""
        periods: dict[str, list[tuple[date, date]]] = defaultdict(list)
        moves: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
        for key, r in self.documents.items():
            if r["document_type"] == "invoice":
                moves[key][r["invoice_date"]] += to_cents(r["gross_amount"])
                if self.gone(r) <= self.books.end:
                    moves[key][self.gone(r)] -= to_cents(r["gross_amount"])
        for s in self.settlements:
            moves[s.invoice][s.day] -= s.amount
        for key, steps in moves.items():
            r, rest, ordered = self.documents[key], 0, sorted(steps)
            for place, day in enumerate(ordered):
                rest += steps[day]
                until = ordered[place + 1] if place + 1 < len(ordered) else date.max
                first = max(day, self.due(r) + timedelta(days=days))
                if rest > 0 and first < until and first <= self.books.end:
                    periods[r["account_id"]].append((first, until))
        return periods

    def overdue_starts(self, days: int = 91) -> set[tuple[str, date]]:
        """Return the days on which an account first owed anything so old, by run."""
        found = set()
        for account, spans in self.old_periods(days).items():
            reached = date.min
            for first, until in sorted(spans):
                if first > reached:
                    found.add((account, first))
                reached = max(reached, until)
        return found
