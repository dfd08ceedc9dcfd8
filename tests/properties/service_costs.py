"""Cost to serve recomputed from activities, cases and orders (semantics 3.16)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

from tests.properties.basics import business_day, month_number, to_cents
from tests.properties.books import Books

NEEDED = ("crm_activities", "crm_service_cases", "erp_orders")


class ServiceCosts:
    """What each account took on which day, and what it cost in cents."""

    def __init__(self, books: Books) -> None:
        """Count visits, calls, cases, completed orders and returns up to the as-of date."""
        self.books, rows = books, books.inputs.rows
        self.rates = books.inputs.rules.get("cost_to_serve_rates", [])
        self.efforts: dict[str, list[tuple[date, str]]] = defaultdict(list)
        for r in rows.get("crm_activities", []):
            if r.get("channel") in {"visit", "call"}:
                self._add(r["account_id"], business_day(r["activity_at"]), r["channel"])
        for r in rows.get("crm_service_cases", []):
            self._add(r["account_id"], business_day(r["opened_at"]), "case")
        lines: dict[str, list[bool]] = defaultdict(list)
        for r in rows.get("erp_order_lines", []):
            lines[r["order_id"]].append(bool(r["is_return"]))
        self.freights: dict[str, list[tuple[date, int | None]]] = defaultdict(list)
        for r in rows.get("erp_orders", []):
            if r["status"] != "completed":
                continue
            if self._is_served(r["account_id"], r["order_date"]):
                freight, code = r.get("freight_amount"), r["currency_code"]
                paid = None
                if freight is not None:
                    paid = books.in_base(to_cents(freight), code, r["order_date"])
                self.freights[r["account_id"]].append((r["order_date"], paid))
            returned = lines[r["order_id"]]
            if any(returned):
                self._add(r["account_id"], r["order_date"], "return")
            if not returned or not all(returned):
                self._add(r["account_id"], r["order_date"], "order")

    def _add(self, account: str, day: date, kind: str) -> None:
        if self._is_served(account, day):
            self.efforts[account].append((day, kind))

    def _is_served(self, account: str, day: date) -> bool:
        # A company begins with the month of its first document; an account that the CRM has only
        # after the as-of date, and that has no document, is nobody yet.
        is_known = account in self.books.versions
        return is_known and self.books.first_document.replace(day=1) <= day <= self.books.end

    def is_known_from(self, day: date) -> bool:
        """Return whether all that is served from a day on has what it needs to be priced."""
        first: dict[str, date] = {}
        for r in self.rates:
            since = date.fromisoformat(r["valid_from"])
            first[r["kind"]] = min(first.get(r["kind"], since), since)
        rows = self.books.inputs.rows
        if not first or any(entity not in rows for entity in NEEDED):
            return False
        if "return" in first and "erp_order_lines" not in rows:
            return False
        return max(first.values()) <= day

    def price(self, kind: str, day: date) -> int:
        """Return the rate of a day in cents; 0 for a kind without one."""
        rates = [
            (date.fromisoformat(r["valid_from"]), r["amount"])
            for r in self.rates
            if r["kind"] == kind and date.fromisoformat(r["valid_from"]) <= day
        ]
        return to_cents(Decimal(max(rates)[1])) if rates else 0

    def cost(self, account: str, first: int, last: int) -> int:
        """Return the cost of an account over months, both ends included."""
        return sum(
            self.price(kind, day)
            for day, kind in self.efforts.get(account, [])
            if first <= month_number(day) <= last
        ) + sum(paid for paid in self.freight(account, first, last) if paid is not None)

    def freight(self, account: str, first: int, last: int) -> list[int | None]:
        """Return the freight of each completed order of an account over months."""
        return [paid for day, paid in self.freights.get(account, [])
                if first <= month_number(day) <= last]  # fmt: skip

    def selling(self, accounts: list[str], first: date, last: date) -> int | None:
        """Return the cost of visits and calls between two days; None where it is not known."""
        starts = [
            min(date.fromisoformat(r["valid_from"]) for r in self.rates if r["kind"] == kind)
            for kind in sorted({r["kind"] for r in self.rates} & {"visit", "call"})
        ]
        if not starts or max(starts) > first or "crm_activities" not in self.books.inputs.rows:
            return None
        return sum(
            self.price(kind, day)
            for account in accounts
            for day, kind in self.efforts.get(account, [])
            if kind in {"visit", "call"} and first <= day <= last
        )

    def since(self, account: str, day: date) -> int:
        """Return the cost of an account after a day."""
        paid = sum(f for d, f in self.freights.get(account, []) if d > day and f is not None)
        return paid + sum(self.price(k, d) for d, k in self.efforts.get(account, []) if d > day)

    def orders(self, account: str, first: int, last: int) -> int:
        """Return the completed orders of an account over months."""
        return sum(
            kind == "order" and first <= month_number(day) <= last
            for day, kind in self.efforts.get(account, [])
        )
