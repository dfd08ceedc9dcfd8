"""Orders and credit limits recomputed order by order (R8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from tests.properties.basics import BASE, add_months, half_away, to_cents
from tests.properties.books import Books
from tests.properties.harness import Row, seeds
from tests.properties.ledger_days import Ledger

RULES = seeds()["credit_rules"][1][0]


class Credit:
    """Orders beside receivables."""

    def __init__(self, books: Books, ledger: Ledger) -> None:
        """Take the orders of the company."""
        self.books, self.ledger = books, ledger
        rows = books.inputs.rows
        lines: dict[str, list[Row]] = defaultdict(list)
        for r in rows.get("erp_order_lines", []):
            if not r["is_return"] and r["net_amount"] > 0:
                lines[r["order_id"]].append(r)
        nets: dict[str, int] = defaultdict(int)
        for r in rows["erp_invoice_lines"]:
            nets[r["invoice_id"]] += to_cents(r["net_amount"])
        taxed = {
            key for key, of_order in lines.items()
            if all(r.get("gross_amount") is not None and r["gross_amount"] >= r["net_amount"]
                   for r in of_order)
        }  # fmt: skip
        bills: dict[str, list[tuple[date, int, int]]] = defaultdict(list)
        self.orders = {
            r["order_id"]: r for r in rows.get("erp_orders", [])
            if r["order_date"] <= books.end and r["status"] != "cancelled"
        }  # fmt: skip
        for key, r in ledger.documents.items():
            order = self.orders.get(r["order_id"])
            if order and r["document_type"] == "invoice" and key in nets:
                is_same = (r["currency_code"] or BASE) == (order["currency_code"] or BASE)
                is_taxed = r["order_id"] in taxed
                billed = to_cents(r["gross_amount"]) if is_taxed else nets[key]
                other = books.in_base(billed, r["currency_code"], r["invoice_date"])
                bills[r["order_id"]].append(
                    (r["invoice_date"], billed * is_same, other * (not is_same))
                )
                if ledger.gone(r) <= books.end:
                    bills[r["order_id"]].append(
                        (ledger.gone(r), -billed * is_same, -other * (not is_same))
                    )
        self.periods: dict[str, list[tuple[str, date, date, int]]] = defaultdict(list)
        self.taxed: dict[str, list[tuple[str, date, date, int]]] = defaultdict(list)
        for key, order in self.orders.items():
            name = "gross_amount" if key in taxed else "net_amount"
            side = self.taxed if key in taxed else self.periods
            side[order["account_id"]] += self._periods(order, lines[key], bills[key], name)

    def _periods(
        self, order: Row, lines: list[Row], bills: list[tuple[date, int, int]], name: str
    ) -> Iterator[tuple[str, date, date, int]]:
        """Yield part, first day, first day no longer and amount of what an order adds."""
        ordered, end = order["order_date"], self.books.end
        moves: dict[date, list[int]] = defaultdict(lambda: [0, 0, 0])
        deliveries = []
        for r in lines:
            net, day = to_cents(r[name]), r["delivered_date"]
            if day is None and order["status"] == "completed":
                continue
            moves[ordered][0] += net
            if day is None or day > end:
                continue
            day, part = max(day, ordered), net
            given, all_ = r["delivered_quantity"], r["quantity"]
            if given is not None and all_ > 0 and given < all_:
                part = half_away(net * int(given * 10**4), int(all_ * 10**4))
            moves[day][0] -= net if order["status"] == "completed" else part
            moves[day][1] += part
            deliveries += [day] if part else []
        for day, same, other in bills:
            moves[day][1] -= same
            moves[day][2] += other
        days, sums = sorted(moves), [0, 0, 0]
        for place, day in enumerate(days):
            sums = [a + b for a, b in zip(sums, moves[day], strict=True)]
            until = days[place + 1] if place + 1 < len(days) else date.max
            code = order["currency_code"]
            open_ = self.books.in_base(sums[0], code, ordered)
            shipped = self.books.in_base(sums[1], code, ordered) - sums[2]
            if open_ > 0:
                yield "open", day, until, open_
            last = max((d for d in deliveries if d <= day), default=None)
            if shipped > 0 and last:
                limit = last + timedelta(days=int(RULES["shipped_not_invoiced_days"]) + 1)
                if limit > day:
                    yield "shipped", day, min(until, limit), shipped

    def ratio(self, account: str, day: date) -> tuple[int, int]:
        """Return gross and net of the twelve months before the month of a day."""
        last = day.replace(day=1)
        first = add_months(last, -12)
        for who in (account, None):
            gross = sum(
                self.books.in_base(to_cents(r["gross_amount"]), r["currency_code"],
                                   r["invoice_date"])
                for r in self.books.documents.values()
                if first <= r["invoice_date"] < last and who in {None, r["account_id"]}
            )  # fmt: skip
            net = sum(line.net for line in self.books.lines
                      if first <= line.day < last and who in {None, line.account})  # fmt: skip
            if net > 0 and gross >= net:
                return gross, net
        return 1, 1

    def ordered(self, account: str, day: date, part: str) -> int:
        """Return what an account's orders add on a day, with tax."""
        gross, net = self.ratio(account, day)
        amount = self._sum(self.periods, account, day, part)
        return self._sum(self.taxed, account, day, part) + half_away(amount * gross, net)

    def is_estimated(self, account: str, day: date) -> bool:
        """Return whether tax is estimated for anything that an account ordered."""
        return any(self._sum(self.periods, account, day, p) > 0 for p in ("open", "shipped"))

    def _sum(
        self, side: dict[str, list[tuple[str, date, date, int]]], account: str, day: date, part: str
    ) -> int:
        return sum(a for p, first, until, a in side[account] if p == part and first <= day < until)

    def status(self, account: str, exposure: int, day: date) -> str:
        """Return the credit status of an exposure on a day."""
        limit = self.books.at(account, day).get("credit_limit_amount")
        if limit is None:
            return "no_limit"
        cents = to_cents(limit)
        if exposure > cents * Fraction(RULES["hold_share"]):
            return "hold"
        return "watch" if cents and exposure >= cents * Fraction(RULES["watch_share"]) else "ok"

    def entries(self) -> Iterator[tuple[str, str, str, date]]:
        """Yield account, state before, state after and day of what is worth an alert."""
        booked = self._booked_periods()
        for account in self.books.versions:
            spans = [*booked[account], *(
                (f, u, 0) for _, f, u, _ in (*self.periods[account], *self.taxed[account])
            )]  # fmt: skip
            days = {d for first, until, _ in spans for d in (first, until)}
            days |= self._limit_changes(account)
            before = None
            for day in sorted(d for d in days if d <= self.books.end):
                owed = sum(a for first, until, a in booked[account] if first <= day < until)
                orders = sum(a for _, first, until, a in self.periods[account]
                             if first <= day < until)  # fmt: skip
                owed += sum(a for _, first, until, a in self.taxed[account] if first <= day < until)
                gross, net = self.ratio(account, day) if orders else (1, 1)
                now = self.status(account, owed + half_away(orders * gross, net), day)
                was = before or ("no_limit" if now == "no_limit" else "ok")
                is_told = now == "hold" or (now == "watch" and was != "hold")
                if now != was and is_told and not self.books.at(account, day)["is_internal"]:
                    yield account, was, now, day
                before = now

    def _limit_changes(self, account: str) -> set[date]:
        versions = self.books.versions[account]
        return {
            day for (_, old), (day, new) in pairwise(versions)
            if old.get("credit_limit_amount") != new.get("credit_limit_amount")
        }  # fmt: skip

    def _booked_periods(self) -> dict[str, list[tuple[date, date, int]]]:
        moves: dict[str, dict[date, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
        for key, r in self.ledger.documents.items():
            if r["document_type"] == "invoice":
                self._add(moves[key][r["invoice_date"]], r, to_cents(r["gross_amount"]))
                if self.ledger.gone(r) <= self.books.end:
                    self._add(moves[key][self.ledger.gone(r)], r, -to_cents(r["gross_amount"]))
        for s in self.ledger.settlements:
            self._add(moves[s.invoice][s.day], self.ledger.documents[s.invoice], -s.amount)
        found: dict[str, list[tuple[date, date, int]]] = defaultdict(list)
        for key, steps in moves.items():
            days, rest, booked = sorted(steps), 0, 0
            for place, day in enumerate(days):
                rest, booked = rest + steps[day][0], booked + steps[day][1]
                until = days[place + 1] if place + 1 < len(days) else date.max
                if rest > 0:
                    found[self.ledger.documents[key]["account_id"]].append((day, until, booked))
        return found

    def _add(self, move: list[int], r: Row, amount: int) -> None:
        move[0] += amount
        move[1] += self.books.in_base(amount, r["currency_code"], r["invoice_date"])
