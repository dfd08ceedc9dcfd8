"""`restatements` computed anew from what two nights published."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from tests.properties.harness import Row
from tests.restatements.nights import Night

AMOUNTS = {"net_revenue": "ttm_net_revenue_amount", "profit": "ttm_profit_amount"}


def restated(first: Mapping[date, Night], now: Night) -> list[Row]:
    """Return what `now` should list; `first` is the first publication of each month-end."""
    rows = []
    for month_end, then in first.items():
        units = {u for night in (then, now) for m, u in night.tiers if m == month_end}
        late = _late(month_end, then, now)
        for unit in units:
            key = (month_end, unit)
            for measure, before, after in _values(then.tiers.get(key), now.tiers.get(key)):
                rows.append(
                    {
                        "month_end": month_end,
                        "as_of_date": now.day,
                        "tier_unit_id": unit,
                        "measure": measure,
                        "first_value": str(before),
                        "current_value": str(after),
                        "difference_amount": after - before
                        if isinstance(before, Decimal) and isinstance(after, Decimal)
                        else None,
                        "late_documents_count": len(late[unit]),
                    }
                )
    return sorted(rows, key=lambda r: (r["month_end"], r["tier_unit_id"], r["measure"]))


def _values(then: Row | None, now: Row | None) -> list[tuple[str, object, object]]:
    nothing = {"tier": "none", **dict.fromkeys(AMOUNTS.values(), Decimal("0.00"))}
    then, now = then or nothing, now or nothing
    every = [
        *((measure, then[column], now[column]) for measure, column in AMOUNTS.items()),
        ("tier", then["tier"], now["tier"]),
    ]
    return [(measure, before, after) for measure, before, after in every if before != after]


def _late(month_end: date, then: Night, now: Night) -> dict[str, set[str]]:
    """Return the documents of each unit that differ, of the twelve months."""
    months = month_end.year * 12 + month_end.month
    found: dict[str, set[str]] = defaultdict(set)
    for name in then.documents.keys() | now.documents.keys():
        before, after = then.documents.get(name), now.documents.get(name)
        if before == after:
            continue
        for side in (before, after):
            if side is None:
                continue
            age = months - side[1].year * 12 - side[1].month
            if 0 <= age < 12:
                for night in (then, now):
                    unit = night.units.get((month_end, side[0]))
                    if unit is not None:
                        found[unit].add(name)
    return found
