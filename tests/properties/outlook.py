"""Where units stand today and at the next month-end, recomputed from the lines (3.1, 3.15)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from tests.properties.basics import add_months, half_away, month_end, month_number
from tests.properties.crowd import Case
from tests.properties.windows import Measure, Sums

LEVEL = {"A": 1, "B": 2, "C": 3, "INACTIVE": 4}


@dataclass
class Standing:
    """One unit evaluated without memory, in cents."""

    profit: int
    has_lines: bool
    first: date | None
    is_known: bool = True
    before: Fraction | None = None
    raw: str | None = None
    tier: str = ""


def year_start(case: Case) -> date:
    """Return the day before the twelve months to the as-of date (ruling 3)."""
    start = add_months(case.books.end, -12)
    return month_end(start) if month_end(case.books.end) == case.books.end else start


def last_month(case: Case) -> date:
    """Return the last complete month-end up to the as-of date."""
    end = case.books.end
    return end if month_end(end) == end else end.replace(day=1) - timedelta(days=1)


def units_of(case: Case) -> dict[str, list[str]]:
    """Return the external accounts of each unit on the as-of date."""
    identity, found = case.books.identity(case.books.end), defaultdict(list)
    for account, unit in identity.unit.items():
        if account not in identity.internal:
            found[unit].append(account)
    return found


def earned(cells: Mapping[str, Sums], measure: Measure | None, served: int = 0) -> int:
    """Return the profit of sums by family; `served` is what serving cost, where that counts."""
    profit = -served if measure and measure.name == "contribution_profit" else 0
    for family, s in cells.items():
        profit += s.net
        if measure and measure.has_cost:
            profit -= s.cost + measure.imputed(family, s.net - s.known_net)
    return profit


def today(case: Case) -> dict[str, Standing]:
    """Return the units as of the as-of date, or nobody before the first year is complete."""
    books, start = case.books, year_start(case)
    if start + timedelta(days=1) < books.first_document:
        return {}
    sums: dict[str, dict[str, Sums]] = defaultdict(lambda: defaultdict(Sums))
    for line in books.lines:
        if line.day > start:
            known = line.cost is not None
            sums[line.account][line.family].add(
                Sums(1, line.net, abs(line.net), line.cost or 0, line.net * known)
            )
    measure = case.windows.measure(last_month(case))
    found = {}
    for unit, accounts in units_of(case).items():
        service = case.windows.service
        profit = sum(earned(sums.get(a, {}), measure, service.since(a, start)) for a in accounts)
        has_lines = any(a in sums for a in accounts)
        found[unit] = Standing(profit, has_lines, _first_purchase(case, accounts))
    evaluate(case, found, books.end)
    return found


def _first_purchase(case: Case, accounts: list[str]) -> date | None:
    days = [case.books.purchases[a][0] for a in accounts if case.books.purchases.get(a)]
    return min(days) if days else None


def evaluate(case: Case, units: dict[str, Standing], day: date) -> None:
    """Rank the units and name their tiers by the rules of a day."""
    rules = case.books.rule("tier_config", day)
    a, b = Fraction(rules["threshold_a"]), Fraction(rules["threshold_b"])
    profits = [u.profit for u in units.values() if u.has_lines]
    total = sum(p for p in profits if p > 0)
    for u in units.values():
        if not u.has_lines:
            u.tier = "INACTIVE"
            continue
        above = sum(p for p in profits if p > u.profit) if u.profit > 0 else total
        u.before = Fraction(above, total) if total else None
        u.raw = raw_tier(u.profit, above, total, a, b)
        tenure = (day - u.first).days if u.first and u.first <= day else None
        is_new = tenure is not None and tenure < int(rules["minimum_tenure_days"])
        u.tier = "NEW" if is_new else u.raw


def raw_tier(profit: int, above: int, total: int, a: Fraction, b: Fraction) -> str:
    """Return the tier by the share of those above."""
    if profit <= 0:
        return "C"
    return "A" if above < a * total else "B" if above < b * total else "C"


@dataclass(frozen=True)
class Forecast:
    """What one account is expected to sell in a month, in cents; profit None where unknown."""

    amount: int
    profit: int | None
    growth: Fraction
    is_intermittent: bool
    naive: int
    """What the month of last year alone says, also where the quarter counts."""


def forecast(case: Case, account: str, made_on: date, ahead: int) -> Forecast | None:
    """Return the seasonal naive of an account, so many months after a month-end."""
    cells = case.windows.cells.get(account)
    now = month_number(made_on)
    if not cells or now - min(cells) + 1 < 12:
        return None
    net = {m: sum(c.net for c in families.values()) for m, families in cells.items()}
    rules = case.books.rule("forecast_config", made_on)
    low, high = Fraction(rules["growth_floor"]), Fraction(rules["growth_cap"])
    history = now - min(cells) + 1
    year = sum(net.get(m, 0) for m in range(now - 11, now + 1))
    prior = sum(net.get(m, 0) for m in range(now - 23, now - 11))
    growth = Fraction(1)
    if history >= 24 and prior > 0:
        growth = min(max(Fraction(year, prior), low), high)
    months = min(history, 24)
    zero = sum(not net.get(m, 0) for m in range(now - months + 1, now + 1))
    is_intermittent = zero >= Fraction(rules["intermittent_share"]) * months
    same = now + ahead - 12
    base = Fraction(net.get(same, 0))
    plain = base * growth
    if is_intermittent:
        first = same - (same - 1) % 3
        base = Fraction(sum(net.get(m, 0) for m in range(first, first + 3)), 3)
    amount = half_away((base * growth).numerator, (base * growth).denominator)
    window = case.windows.at(made_on).get(account)
    profit: int | None = None
    if amount == 0:
        profit = 0
    elif window and window.net > 0:
        name = case.windows.measure(made_on).name
        profit = half_away(amount * window.value(name), window.net)
    naive = half_away(plain.numerator, plain.denominator)
    return Forecast(amount, profit, growth, is_intermittent, naive)


def predicted(case: Case) -> dict[str, Standing]:
    """Return the units at the next month-end if the forecasts hold."""
    last = last_month(case)
    if last not in case.windows.tier_months or not today(case):
        return {}
    measure, at_last = case.windows.measure(last), case.windows.at(last)
    leaves, found = month_number(last) - 11, {}
    for unit, accounts in units_of(case).items():
        standing = Standing(0, False, _first_purchase(case, accounts), is_known=False)
        for account in accounts:
            window, coming = at_last.get(account), forecast(case, account, last, 1)
            profit, count = (window.value(measure.name), window.count) if window else (0, 0)
            if coming and coming.profit is not None:
                cells = case.windows.cells[account].get(leaves, {})
                served = case.windows.service.cost(account, leaves, leaves)
                profit += coming.profit - earned(cells, measure, served)
                count -= sum(c.count for c in cells.values())
                standing.is_known = True
                standing.has_lines |= coming.amount != 0
            standing.profit += profit
            standing.has_lines |= count > 0
        found[unit] = standing
    evaluate(case, found, month_end(last + timedelta(days=1)))
    return found
