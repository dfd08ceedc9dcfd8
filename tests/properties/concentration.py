"""How much hangs on the largest units, recomputed from the windows and the ledger (3.12)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.properties import outlook
from tests.properties.basics import month_number
from tests.properties.crowd import Case

# Scope type and id, measure.
Scope = tuple[str, str, str]
# Unit to value in cents.
Values = dict[str, int]


@dataclass(frozen=True)
class Concentration:
    """One scope and measure at one month-end; amounts in cents, None where nothing is positive."""

    count: int
    total: int
    others: int
    tops: tuple[Fraction | None, ...]
    hhi: Fraction | None
    gini: Fraction | None
    half: int | None
    largest: str | None
    left: tuple[int, int]


def concentrate(values: Values) -> Concentration:
    """Return the figures of the values of units."""
    ordered = sorted(values, key=lambda unit: (-values[unit], unit))
    sizes = [values[unit] for unit in ordered if values[unit] > 0]
    total, every, others = sum(sizes), sum(values.values()), len(values) - len(sizes)
    left = (every - sum(sizes[:1]), every - sum(sizes[:3]))
    if not sizes:
        return Concentration(0, 0, others, (None,) * 3, None, None, None, None, left)
    shares = [Fraction(size, total) for size in sizes]
    count = len(sizes)
    # The mean difference of all pairs, over twice the mean.
    pairs = sum(abs(a - b) for a in sizes for b in sizes)
    return Concentration(
        count, total, others, tuple(sum(shares[:top], Fraction(0)) for top in (1, 3, 5)),
        sum((s * s for s in shares), Fraction(0)), Fraction(pairs, 2 * count * total),
        next(n for n in range(1, count + 1) if 2 * sum(sizes[:n]) >= total), ordered[0], left,
    )  # fmt: skip


def values_at(case: Case, day: date) -> dict[Scope, Values]:
    """Return the values of the units in every scope at a month-end."""
    found: dict[Scope, Values] = defaultdict(lambda: defaultdict(int))
    identity = case.books.identity(day)
    active = {unit for unit, r in case.ratings[day].items() if r.count}
    measure = case.windows.measure(day)
    for account, unit in identity.unit.items():
        if account in identity.internal or unit not in active:
            continue
        window = case.windows.at(day).get(account)
        if window is None:
            continue
        for scope in _scopes(case, account, day):
            found[*scope, "revenue"][unit] += window.net
            found[*scope, "profit"][unit] += window.value(measure.name)
        number = month_number(day)
        for family, sums in case.windows.families(account, number - 11, number).items():
            found["product_family", family, "revenue"][unit] += sums.net
            profit = outlook.earned({family: sums}, measure)
            found["product_family", family, "profit"][unit] += profit
    if case.has_receivables:
        for account, position in case.ledger.positions(day).items():
            if account not in identity.internal:
                for scope in _scopes(case, account, day):
                    owed = sum(item.open for item in position.items)
                    found[*scope, "receivables"][identity.unit[account]] += owed
    return found


def _scopes(case: Case, account: str, day: date) -> list[tuple[str, str]]:
    version = case.books.at(account, day)
    return [
        ("company", "company"),
        ("channel", version["channel"] or "unknown"),
        ("owner", version["owner_user_id"] or "none"),
    ]
