"""The monthly bridge, profit of the year to D, and alerts of rules and of old debts, recomputed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from tests.properties.basics import add_months, month_number, to_cents
from tests.properties.checks_profiles import year_start
from tests.properties.crowd import Case, cents, difference
from tests.properties.harness import Row
from tests.properties.retention import customers, first_purchases, is_legacy, movement
from tests.properties.windows import Sums


def monthly_bridge_is_recomputed(case: Case) -> Iterator[str]:
    """I23, I25: revenue and profit month by month, for subscription-like channels only."""
    books, windows = case.books, case.windows
    rules = case.inputs.rules["channel_config"]
    channels = {r["channel"] for r in rules if r["is_subscription_like"]}
    expected = {}
    for day in books.months:
        start = add_months(day.replace(day=1), -1)
        if start < books.first_document:
            continue
        members, number = customers(books, books.identity(day)), month_number(day)
        measure = windows.measure(day)
        firsts = first_purchases(books, members)
        for customer, accounts in members.items():
            if (books.at(customer, day)["channel"] or "unknown") not in channels:
                continue
            first = firsts.get(customer)
            is_old = (first is not None and first < start) or is_legacy(books, accounts, first)
            is_served = measure.name == "contribution_profit"
            for name, has_cost in (("revenue", False), ("profit", measure.has_cost)):
                opening, closing = (
                    sum(
                        s.net - has_cost * (s.cost + measure.imputed(f, s.net - s.known_net))
                        for a in accounts
                        for f, s in windows.families(a, n, n).items()
                    )
                    - (has_cost and is_served)
                    * sum(windows.service.cost(a, n, n) for a in accounts)
                    for n in (number - 1, number)
                )
                found = movement(opening, closing, is_old)
                if found.kind:
                    expected[day, name, customer] = (found.opening, found.closing, found.kind)
    rows = {
        (r["month_end"], r["measure"], r["customer_key"]): (
            cents(r["opening_amount"]), cents(r["closing_amount"]), r["movement"])
        for r in case.mart("revenue_movements")
        if r["comparison"] == "month_over_month"
    }  # fmt: skip
    if problem := difference(expected, rows):
        yield problem


def profit_to_date_is_recomputed(case: Case) -> Iterator[str]:
    """The profit of the twelve months to D, by the measure and the ratios of the last month-end."""
    books, start = case.books, year_start(case)
    sums: dict[str, dict[str, Sums]] = defaultdict(lambda: defaultdict(Sums))
    for line in books.lines:
        if line.day > start:
            known = line.cost is not None
            sums[line.account][line.family].add(
                Sums(1, line.net, abs(line.net), line.cost or 0, line.net * known)
            )
    measure = case.windows.measure(books.months[-1]) if books.months else None
    expected: dict[str, int | None] = {}
    for account in books.versions:
        profit = 0
        if measure and measure.name == "contribution_profit":
            profit -= case.windows.service.since(account, start)
        for family, s in sums[account].items():
            profit += s.net
            if measure and measure.has_cost:
                profit -= s.cost + measure.imputed(family, s.net - s.known_net)
        expected[account] = profit if measure and measure.families else None
    found = {r["account_id"]: cents(r["ttm_profit_amount"]) for r in case.mart("accounts")}
    if problem := difference(expected, found):
        yield problem


def rule_changes_are_told(case: Case) -> Iterator[str]:
    """A change of the tier rules is an event of its own, told to nobody."""
    used = [case.books.rule("tier_config", day)["valid_from"] for day in case.windows.tier_months]
    expected = {
        (str(new), str(old), str(new)): ("info", "none", "data_engineering")
        for old, new in pairwise(used)
        if old != new
    }
    found = {
        (str(r["effective_date"]), r["from_value"], r["to_value"]): (
            r["severity"], r["delivery"], r["audience"])
        for r in case.mart("alert_events")
        if r["alert_type"] == "tier_config_change"
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def old_debts_are_weighed(case: Case) -> Iterator[str]:
    """How much was over 90 days old on the first day, against the profit of the unit then."""
    if not case.has_receivables:
        return
    booked = _BookedDebts(case)
    for r in case.mart("alert_events"):
        if r["alert_type"] != "overdue_90_enter":
            continue
        day, account = r["effective_date"], r["account_id"]
        amount = booked.older_than(account, day, 91)
        if cents(r["at_stake_amount"]) != amount:
            yield f"{account} {day}: {r['at_stake_amount']}, expected {amount}"
        last = [m for m in case.ratings if m <= day]
        last = last[-1] if last and month_number(last[-1]) >= month_number(day) - 1 else None
        identity = case.books.identity(day)
        if last is None or identity != case.books.identity(last):
            continue
        rating = case.ratings[last].get(identity.unit[account])
        is_high = rating is not None and amount > rating.profit * Fraction(1, 10)
        expected = ("high", "high", "immediate") if is_high else ("medium", "medium", "digest")
        found = (r["severity"], r["base_severity"], r["delivery"])
        if found != expected:
            yield f"{account} {day}: {found}, expected {expected}"
        if r["owner_user_id"] != case.books.at(account, day)["owner_user_id"]:
            yield f"{account} {day}: owner {r['owner_user_id']}"


class _BookedDebts:
    """Open invoices at booked rates on any day."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.settled: dict[str, list[tuple[date, int, int]]] = defaultdict(list)
        for s in case.ledger.settlements:
            r = case.ledger.documents[s.invoice]
            value = case.books.in_base(s.amount, r["currency_code"], r["invoice_date"])
            self.settled[s.invoice].append((s.day, s.amount, value))

    def older_than(self, account: str, day: date, days: int) -> int:
        """Return what an account owed so many days past due or more, in cents."""
        return sum(
            self._open(key, r, day)
            for key, r in self.case.ledger.documents.items()
            if r["account_id"] == account
            and r["document_type"] == "invoice"
            and r["invoice_date"] <= day
            and self.case.ledger.due(r) + timedelta(days=days) <= day
        )

    def _open(self, key: str, r: Row, day: date) -> int:
        gross = to_cents(r["gross_amount"]) if day < self.case.ledger.gone(r) else 0
        done = [(a, v) for d, a, v in self.settled[key] if d <= day]
        if gross - sum(a for a, _ in done) <= 0:
            return 0
        booked = self.case.books.in_base(gross, r["currency_code"], r["invoice_date"])
        return booked - sum(v for _, v in done)


CHECKS = (
    monthly_bridge_is_recomputed, profit_to_date_is_recomputed, rule_changes_are_told,
    old_debts_are_weighed,
)  # fmt: skip
