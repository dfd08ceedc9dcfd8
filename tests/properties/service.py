"""Levels of service recomputed row by row (requirements V1 to V5, B6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import isqrt
from typing import Any

from tests.properties.basics import business_day, half_away, month_number, to_cents
from tests.properties.books import Books
from tests.properties.harness import Row
from tests.properties.tiers import Rating, exists, ratio
from tests.properties.windows import Windows


def middle(values: Iterable[int]) -> Fraction | None:
    """Return the median."""
    ordered = sorted(values)
    if not ordered:
        return None
    n = len(ordered)
    return Fraction(ordered[(n - 1) // 2] + ordered[n // 2], 2)


def rounded(value: Fraction | None) -> Decimal | None:
    """Return a number of days or hours with two decimals, half away from zero."""
    if value is None:
        return None
    return Decimal(half_away(value.numerator * 100, value.denominator)) / 100


def share(part: int, whole: int) -> Decimal | None:
    """Return a ratio, None by nothing."""
    return ratio(Fraction(part, whole)) if whole else None


class Service:
    """Order lines, orders, cases and contacts of one company, and what a month-end says of them."""

    def __init__(
        self, books: Books, windows: Windows, ratings: dict[date, dict[str, Rating]]
    ) -> None:
        """Take what is dated up to the as-of date."""
        self.books, self.windows, self.ratings = books, windows, ratings
        rows = books.inputs.rows
        self.present = set(rows)
        self.orders = {
            r["order_id"]: r
            for r in rows.get("erp_orders", [])
            if r["order_date"] <= books.end and r["status"] != "cancelled"
        }
        self.lines: dict[str, list[Row]] = defaultdict(list)
        for r in rows.get("erp_order_lines", []):
            if r["order_id"] in self.orders:
                self.lines[r["order_id"]].append(r)
        self.cases = [
            r
            for r in rows.get("crm_service_cases", [])
            if business_day(r["opened_at"]) <= books.end
        ]
        self.families = {r["product_id"]: r["product_family"] for r in rows.get("erp_products", [])}
        self.times = list(self._times())

    def externals(self, day: date) -> dict[str, str]:
        """Return the external accounts of a month-end, with their unit."""
        identity = self.books.identity(day)
        return {
            a: identity.unit[a]
            for a in self.books.versions
            if a not in identity.internal and exists(self.books, self.windows, a, day)
        }

    # --- orders ---------------------------------------------------------------------------------

    def _times(self) -> Iterable[tuple[str, str, int, int, set[str]]]:
        """Yield kind, account, month, days and families of each order that took a known time."""
        for key, order in self.orders.items():
            lines = [r for r in self.lines[key] if not _is_back(r)]
            if order["status"] != "completed" or not lines:
                continue
            families = {self.families.get(r.get("product_id")) or "unknown" for r in lines}
            account, day = order["account_id"], order["order_date"]
            came = [r["delivered_date"] for r in lines]
            if all(d is not None and d <= self.books.end for d in came):
                last = max(*came, day)
                yield "delivery", account, month_number(last), (last - day).days, families
            quoted = order["quote_date"]
            if quoted is not None and quoted <= day:
                yield "quote", account, month_number(day), (day - quoted).days, families

    def delivered(self, account: str, day: date) -> tuple[int, int, int, int, int]:
        """Return lines due, on time in full, without promise; cents delivered and returned."""
        due = met = without = given = back = 0
        for key, order in self.orders.items():
            if order["account_id"] != account:
                continue
            for r in self.lines[key]:
                promised, came = r.get("promised_date"), r["delivered_date"]
                net = self.books.in_base(
                    to_cents(r["net_amount"]), order["currency_code"], order["order_date"]
                )
                is_now = _within(order["order_date"], day)
                if _is_back(r):
                    back += abs(net) if is_now and order["status"] == "completed" else 0
                    continue
                got, wanted = r["delivered_quantity"], r["quantity"]
                if promised is None:
                    without += is_now
                elif _within(max(promised, order["order_date"]), day):
                    due += 1
                    met += came is not None and came <= promised and (got is None or got >= wanted)
                if (
                    came is not None
                    and came <= self.books.end
                    and _within(max(came, order["order_date"]), day)
                ):
                    given += _part(net, got, wanted)
        return due, met, without, given, back

    def completed(self, account: str, day: date) -> int:
        """Return the completed orders of the twelve months, those of returns only left out."""
        return sum(
            not self.lines[key] or not all(r["is_return"] for r in self.lines[key])
            for key, r in self.orders.items()
            if r["account_id"] == account and r["status"] == "completed"
            and _within(r["order_date"], day)
        )  # fmt: skip

    def of_others(self, day: date) -> dict[tuple[str, str], Fraction]:
        """Return the medians of accounts that are not A, by kind and family with enough orders."""
        enough = int(self.books.rule("service_rules", day)["minimum_peer_orders"])
        units = self.externals(day)
        found: dict[tuple[str, str], list[int]] = defaultdict(list)
        for kind, account, number, days, families in self.times:
            if account not in units or not 0 <= month_number(day) - number < 12:
                continue
            if self.ratings[day][units[account]].tier != "A":
                for family in families:
                    found[kind, family].append(days)
        return {k: m for k, v in found.items() if len(v) >= enough and (m := middle(v)) is not None}

    def mix(self, unit: str, day: date, kind: str, others: dict[tuple[str, str], Fraction]) -> Any:
        """Return what others take for a unit's mix, and for how much of it that is known."""
        units = self.externals(day)
        bought = [
            family
            for k, account, number, _, families in self.times
            if k == kind and units.get(account) == unit and 0 <= month_number(day) - number < 12
            for family in families
        ]
        known = [others[kind, f] for f in bought if (kind, f) in others]
        mean = sum(known, Fraction(0)) / len(known) if known else None
        return rounded(mean), share(len(known), len(bought))

    def own(self, account: str, day: date, kind: str) -> Fraction | None:
        """Return the median of an account."""
        return middle(
            days
            for k, a, number, days, _ in self.times
            if k == kind and a == account and 0 <= month_number(day) - number < 12
        )

    # --- cases ----------------------------------------------------------------------------------

    def standard(self, cases: list[Row], day: date, name: str, done: str) -> tuple[int, int]:
        """Return how many deadlines lay in the twelve months, and how many were met."""
        found = [
            r[done] is not None and r[done] <= r[name]
            for r in cases
            if (at := r.get(name)) is not None
            and _within(max(business_day(at), business_day(r["opened_at"])), day)
        ]
        return len(found), sum(found)

    def hours(self, cases: list[Row], day: date, done: str) -> Decimal | None:
        """Return the median hours of what was done in the twelve months."""
        seconds = [
            max(0, int((r[done] - r["opened_at"]).total_seconds()))
            for r in cases
            if r.get(done) is not None
            and _within(max(business_day(r[done]), business_day(r["opened_at"])), day)
            and business_day(r[done]) <= self.books.end
        ]
        median = middle(seconds)
        return None if median is None else rounded(median / 3600)

    def opened(self, cases: list[Row], day: date, kind: str | None = None) -> int:
        """Return the cases opened in the twelve months."""
        return sum(
            _within(business_day(r["opened_at"]), day)
            for r in cases
            if kind is None or r["case_type"] == kind
        )

    def still_open(self, cases: list[Row], day: date) -> list[Row]:
        """Return the cases that are open at a month-end."""
        return [
            r
            for r in cases
            if business_day(r["opened_at"]) <= day
            and (r["resolved_at"] is None or business_day(r["resolved_at"]) > day)
        ]

    def evenness(self, cases: list[Row], day: date) -> tuple[int, Decimal | None, Decimal | None]:
        """Return known sites with a case, and deviation and spread of what they attained."""
        sites = {s for r in cases if (s := r.get("service_site")) is not None}
        serving, attained = 0, []
        for site in sorted(sites):
            of_site = [r for r in cases if r["service_site"] == site]
            serving += self.opened(of_site, day) > 0
            one = self.standard(of_site, day, "response_due_at", "first_response_at")
            two = self.standard(of_site, day, "resolution_due_at", "resolved_at")
            if one[0] + two[0]:
                attained.append(half_away((one[1] + two[1]) * 10**6, one[0] + two[0]))
        n = len(attained)
        if n < 2:
            return serving, None, None
        square = n * sum(x * x for x in attained) - sum(attained) ** 2
        # Rounded as it is: the root of four times the square is twice the root.
        root = isqrt(4 * square * 10**8)
        deviation = half_away(root, 2 * n * 10**4)
        return serving, Decimal(deviation) / 10**6, Decimal(max(attained) - min(attained)) / 10**6

    def proactive(self, account: str, day: date) -> Decimal | None:
        """Return the share of our service contacts that came before the customer asked."""
        asked = [
            r["opened_at"]
            for r in self.cases
            if r["account_id"] == account and not r["is_proactive"]
        ]
        found = []
        for r in self.books.inputs.rows.get("crm_activities", []):
            at: datetime = r["activity_at"]
            on = business_day(at)
            if r["account_id"] != account or r.get("direction") != "outbound":
                continue
            if not _within(on, day):
                continue
            rules = self.books.rule("service_rules", on)
            if (r.get("purpose") or "").strip().lower() != rules["service_purpose"]:
                continue
            since = on - timedelta(days=int(rules["proactive_days"]))
            found.append(not any(o <= at and business_day(o) >= since for o in asked))
        return share(sum(found), len(found))


def service_levels(service: Service, day: date) -> dict[tuple[date, str], tuple[Any, ...]]:
    """Return what `service_levels` says at a month-end."""
    units, others = service.externals(day), service.of_others(day)
    has = service.present
    has_orders, has_cases = "erp_orders" in has, "crm_service_cases" in has
    has_lines = has_orders and "erp_order_lines" in has
    found = {}
    for account, unit in units.items():
        cases = [r for r in service.cases if r["account_id"] == account]
        of_unit = [r for r in service.cases if units.get(r["account_id"]) == unit]
        due, met, without, given, back = service.delivered(account, day)
        answered = service.standard(cases, day, "response_due_at", "first_response_at")
        solved = service.standard(cases, day, "resolution_due_at", "resolved_at")
        sites = service.evenness(of_unit, day)
        orders, complaints = (
            service.completed(account, day),
            service.opened(cases, day, "complaint"),
        )
        still = service.still_open(cases, day)
        severe = [r for r in still if r["severity"] == 1
                  and r["case_type"] in {"complaint", "dispute"}]  # fmt: skip
        tier = service.ratings[day][unit].tier
        own, peer = (
            service.own(account, day, "delivery"),
            service.mix(unit, day, "delivery", others),
        )
        quote = service.own(account, day, "quote")
        gain = None
        if tier == "A" and own is not None and peer[0] is not None:
            gain = peer[0] - rounded(own)  # type: ignore[operator]
        known = (lambda x: x) if has_cases else (lambda x: None)
        found[day, account] = (
            unit, tier, *((due, met, share(met, due), without) if has_lines else (None,) * 4),
            *(x for one in (answered, solved)
              for x in (known(one[0]), known(one[1]), share(one[1], one[0]))),
            known(sites[0]), sites[1], sites[2], share(back, given),
            orders if has_orders else None, known(complaints),
            share(100 * complaints, orders) if has_cases and has_orders else None,
            known(service.opened(cases, day, "dispute")), known(len(still)), known(len(severe)),
            service.hours(cases, day, "first_response_at"),
            service.hours(cases, day, "resolved_at"),
            known(service.proactive(account, day)), rounded(own), *peer, gain, rounded(quote),
            *service.mix(unit, day, "quote", others),
        )  # fmt: skip
    return found


def service_site_levels(service: Service, day: date) -> dict[tuple[date, str], tuple[Any, ...]]:
    """Return what `service_site_levels` says at a month-end."""
    units = service.externals(day)
    by_site: dict[str, list[Row]] = defaultdict(list)
    for r in service.cases:
        if r["account_id"] in units:
            by_site[r.get("service_site") or "unknown"].append(r)
    found = {}
    for site, cases in by_site.items():
        of_a = [r for r in cases if service.ratings[day][units[r["account_id"]]].tier == "A"]
        answered = service.standard(cases, day, "response_due_at", "first_response_at")
        solved = service.standard(cases, day, "resolution_due_at", "resolved_at")
        first = service.standard(of_a, day, "response_due_at", "first_response_at")
        row = (
            service.opened(cases, day), share(answered[1], answered[0]),
            share(solved[1], solved[0]), service.hours(cases, day, "first_response_at"),
            service.hours(cases, day, "resolved_at"), share(first[1], first[0]),
        )  # fmt: skip
        if any((row[0], answered[0], solved[0], row[3] is not None, row[4] is not None)):
            found[day, site] = row
    return found


def _is_back(line: Row) -> bool:
    return bool(line["is_return"]) or line["net_amount"] < 0


def _part(net: int, got: Decimal | None, wanted: Decimal) -> int:
    """Return the cents of a line that were delivered."""
    if got is None or wanted <= 0 or got >= wanted:
        return net
    if got <= 0:
        return 0
    part = net * Fraction(got) / Fraction(wanted)
    return half_away(part.numerator, part.denominator)


def _within(day: date, end: date) -> bool:
    """Return whether a day lies in the twelve months to a month-end."""
    return 0 <= month_number(end) - month_number(day) < 12
