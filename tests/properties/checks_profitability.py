"""`account_profitability`, poor accounts, bought growth, recomputed (semantics 3.11, 3.16)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, pairwise
from math import isqrt
from typing import Any

from tests.properties.basics import half_away, month_number
from tests.properties.checks_profiles import compared
from tests.properties.crowd import Case, cents, difference
from tests.properties.discounts import Discounts, growth, share
from tests.properties.tiers import ratio


def profitability_is_recomputed(case: Case) -> Iterator[str]:
    """Every column of every month-end and account (D1, D2, D7)."""
    expected = _Profitability(case).rows
    found = {
        (r["month_end"], r["account_id"]): _shown(r) for r in case.mart("account_profitability")
    }
    for key in sorted({*expected, *found}):
        if key not in expected or key not in found:
            yield f"{key}: only {'expected' if key in expected else 'found'}"
        elif problem := difference(expected[key], found[key]):
            yield f"{key}: {problem}"


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in row.items() if k not in {"month_end", "account_id"}}
    return {k: cents(v) if k.endswith("_amount") else v for k, v in kept.items()}


class _Profitability:
    def __init__(self, case: Case) -> None:
        self.case, self.books, self.windows = case, case.books, case.windows
        self.discounts = case.discounts
        self.financing = {
            (r["as_of_date"], r["account_id"]): cents(r["financing_cost_amount"])
            for r in case.mart("payment_behaviour")
        }
        self.rows = {
            (day, account): row
            for day in self.windows.tier_months
            for account in self.books.versions
            if (row := self._row(day, account)) is not None
        }

    def _row(self, day: date, account: str) -> dict[str, Any] | None:
        number, identity = month_number(day), self.books.identity(day)
        if account in identity.internal:
            return None
        now = self.discounts.window(account, number - 11, number)
        then = self.discounts.window(account, number - 23, number - 12)
        has_prior = day in self.windows.bridge_months
        service, start = self.windows.service, date((number - 12) // 12, (number - 12) % 12 + 1, 1)
        is_rated = service.is_known_from(start)
        cost = service.cost(account, number - 11, number) if is_rated else None
        if not (now.count or (has_prior and then.count) or cost):
            return None
        gross = self._gross(day, account)
        has_orders = "erp_orders" in self.case.inputs.rows
        orders = service.orders(account, number - 11, number) if has_orders else None
        contribution = None if gross is None or cost is None else gross - cost
        sold = now.net if now.net > 0 else None
        return {
            "tier_unit_id": identity.unit[account],
            **growth(now, then if has_prior else None),
            "service_revenue_ratio": share(now.service, sold)
            if "erp_products" in self.case.inputs.rows
            else None,
            "cogs_amount": None if gross is None else now.net - gross,
            "gross_profit_amount": gross,
            "cost_to_serve_amount": cost,
            "contribution_profit_amount": contribution,
            "contribution_margin_ratio": share(contribution, sold),
            "cost_to_serve_ratio": share(cost, sold),
            "cost_per_order_amount": half_away(cost, orders)
            if orders and cost is not None
            else None,
            "cost_per_order_slope_amount": self._slope(account, day) if is_rated else None,
            "orders_count": orders,
            "average_order_amount": half_away(now.net, orders) if orders else None,
            "gap_variation_ratio": self._variation(account, number),
            "financing_cost_amount": self.financing.get((day, account)),
            "cost_coverage_ratio": share(now.known_size, now.size or None),
            "list_price_coverage_ratio": share(now.size - now.unlisted, now.size or None),
            **self._freight(account, number, is_rated),
            "custom_revenue_ratio": self._custom(account, number, identity.customer, sold),
        }

    def _freight(self, account: str, number: int, is_rated: bool) -> dict[str, Any]:
        freights = self.windows.service.freight(account, number - 11, number)
        known = [paid for paid in freights if paid is not None]
        has_orders = "erp_orders" in self.case.inputs.rows
        return {
            "freight_amount": sum(known) if is_rated and known else None,
            "freight_coverage_ratio": share(len(known), len(freights)) if has_orders else None,
        }

    def _custom(
        self, account: str, number: int, customer: dict[str, str], sold: int | None
    ) -> Decimal | None:
        """Return the share of products that were made for the customer of an account."""
        made_for = {
            r["product_id"]: r["origin_account_id"]
            for r in self.case.inputs.rows.get("erp_products", [])
            if r.get("origin_account_id") is not None
        }
        if not made_for:
            return None
        net = sum(
            p.net for p in self.discounts.pieces
            if p.account == account and p.product in made_for
            and number - 12 < month_number(p.day) <= number
            and customer.get(made_for[p.product]) == customer[account]
        )  # fmt: skip
        return share(net, sold)

    def _gross(self, day: date, account: str) -> int | None:
        measure = self.windows.measure(day)
        if not measure.has_cost:
            return None
        window = self.windows.at(day).get(account)
        return window.gross_profit if window else 0

    def _variation(self, account: str, number: int) -> Decimal | None:
        gaps = _gaps(self.books.purchases.get(account, []), number)
        if len(gaps) < 2:
            return None
        scale = 10**16
        root = isqrt((len(gaps) * sum(g * g for g in gaps) - sum(gaps) ** 2) * scale)
        return ratio(Fraction(root, 10**8 * sum(gaps)))

    def _slope(self, account: str, day: date) -> int | None:
        """Return the median slope of the last eight complete quarters, at least four, in cents."""
        service, last = self.windows.service, month_number(day) // 3 - 1
        first_month = month_number(self.books.first_document)
        points = []
        for quarter in range(last - 7, last + 1):
            months = (quarter * 3 + 1, quarter * 3 + 3)
            start = date((months[0] - 1) // 12, (months[0] - 1) % 12 + 1, 1)
            count = service.orders(account, *months)
            if count and months[0] >= first_month and service.is_known_from(start):
                before = service.orders(account, 0, months[0] - 1)
                place = Fraction(2 * before + count + 1, 2)
                points.append((place, Fraction(service.cost(account, *months), count)))
        if len(points) < 4:
            return None
        slopes = sorted((b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2))
        # The slopes are kept to a ten-thousandth of a cent.
        slopes = [Fraction(half_away((s * 10**4).numerator, (s * 10**4).denominator), 10**4)
                  for s in slopes]  # fmt: skip
        half = len(slopes) // 2
        middle = slopes[half] if len(slopes) % 2 else (slopes[half - 1] + slopes[half]) / 2
        return half_away(middle.numerator, middle.denominator)


def _gaps(purchases: list[date], number: int) -> list[int]:
    return [
        (b - a).days
        for a, b in pairwise(sorted(set(purchases)))
        if number - 12 < month_number(b) <= number
    ]


def poor_accounts_are_recomputed(case: Case) -> Iterator[str]:
    """T13: many small orders, at odd times, at a thin margin, by the quartiles of the channel."""
    books = case.books
    day = books.months[-1] if books.months else None
    channels: dict[str, dict[str, tuple[Fraction, ...]]] = {}
    for r in case.mart("account_profitability"):
        if r["month_end"] != day or not r["orders_count"] or r["gross_profit_amount"] is None:
            continue
        net, orders = r["net_sales_current_amount"], r["orders_count"]
        if net <= 0:
            continue
        profit = r["gross_profit_amount"] - (r["cost_to_serve_amount"] or 0)
        average = Fraction(half_away(int(net * 100) * 100, orders), 10**4)
        margin = Fraction(ratio(Fraction(profit) / Fraction(net)) or 0)
        channel = books.at(r["account_id"], day)["channel"] or "unknown"
        channels.setdefault(channel, {})[r["account_id"]] = (Fraction(orders), average, margin)
    poor = set()
    for accounts in channels.values():
        columns = list(zip(*accounts.values(), strict=True))
        limits = [_quantile(columns[0], Fraction(3, 4)), _quantile(columns[1], Fraction(1, 4)),
                  _quantile(columns[2], Fraction(1, 4))]  # fmt: skip
        for account, (orders, average, margin) in accounts.items():
            gaps = _gaps(books.purchases.get(account, []), month_number(day))
            is_odd = len(gaps) >= 2 and len(gaps) * sum(g * g for g in gaps) >= 2 * sum(gaps) ** 2
            rhythm = case.rhythms.get((day, books.identity(day).customer[account]))
            is_odd |= rhythm is not None and rhythm.state == "at_risk"
            is_poor = orders >= limits[0] and average <= limits[1] and margin <= limits[2]
            if len(accounts) >= 4 and is_odd and is_poor:
                poor.add(account)
    yield from compared(case, {a: (a in poor,) for a in books.versions}, "is_low_quality")


def _quantile(values: tuple[Fraction, ...], share: Fraction) -> Fraction:
    values = tuple(sorted(values))
    place = (len(values) - 1) * share
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (place - low) * (values[high] - values[low])


def _extra(discounts: Discounts, account: str, day: date) -> int:
    """Return what the higher rate cost on the list sales of now, in cents."""
    number = month_number(day)
    now = discounts.window(account, number - 11, number)
    then = discounts.window(account, number - 23, number - 12)
    return (
        now.list - now.listed_net - half_away((then.list - then.listed_net) * now.list, then.list)
    )


def bought_growth_is_told(case: Case) -> Iterator[str]:
    """An account is told of at the first month-end of each run of bought growth."""
    last: dict[str, str] = {}
    discounts, expected = case.discounts, {}
    for r in sorted(case.mart("account_profitability"), key=lambda r: r["month_end"]):
        quality, account = r["growth_quality"], r["account_id"]
        if quality is None:
            continue
        if quality == "bought_growth" and last.get(account) != quality:
            day = r["month_end"]
            rating = case.ratings[day].get(r["tier_unit_id"])
            expected[account, day] = (
                last.get(account), "medium" if rating and rating.tier == "A" else "low", "digest",
                case.books.at(account, day)["owner_user_id"], _extra(discounts, account, day),
            )  # fmt: skip
        last[account] = quality
    found = {
        (r["account_id"], r["effective_date"]): (
            r["from_value"], r["severity"], r["delivery"], r["owner_user_id"],
            cents(r["at_stake_amount"]))
        for r in case.mart("alert_events")
        if r["alert_type"] == "bought_growth"
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


CHECKS = (profitability_is_recomputed, poor_accounts_are_recomputed, bought_growth_is_told)
