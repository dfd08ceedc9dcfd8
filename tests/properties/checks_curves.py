"""Properties of the Pareto curves and of the forecasts behind the provisional tiers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from tests.properties import outlook
from tests.properties.basics import Line, add_months, half_away, month_end, month_number
from tests.properties.crowd import Case, cents, difference
from tests.properties.tiers import ratio
from tests.properties.windows import Sums

# Quantity, revenue and profit of each entity, in parts of 10,000.
Values = dict[str, list[int]]
# A line, its quantity and its owner.
Sale = tuple[Line, int, str | None]
PARTS = 10**4
# Points of a curve that are compared; a data test counts that there are 101.
POINTS = (0, 1, 7, 20, 33, 50, 67, 99, 100)


def curves_are_recomputed(case: Case) -> Iterator[str]:
    """T3, T4: units, revenue and profit of the largest, by tier unit and by owner of the day."""
    found: dict[tuple, dict[int, tuple]] = defaultdict(dict)
    for r in case.mart(f"pareto where entity_percent in {POINTS}"):
        found[r["month_end"], r["entity_type"], r["measure"]][r["entity_percent"]] = (
            r["entities_count"], _millionths(r["cum_value_ratio"]), r["active_entities_count"],
            _millionths(r["top20_value_ratio"]), _millionths(r["entities_for_80pct_ratio"]),
            int(r["total_value"] * PARTS),
        )  # fmt: skip
    quantities = [
        int((case.books.priced(r, document)[1] or 0) * PARTS)
        for r in case.books.inputs.rows["erp_invoice_lines"]
        if (document := case.books.documents.get(r["invoice_id"])) is not None
    ]
    sold = [
        (line, quantity, case.books.at(line.account, line.day)["owner_user_id"])
        for line, quantity in zip(case.books.lines, quantities, strict=True)
    ]
    curves = 0
    for day in case.windows.tier_months:
        for kind, values in _entities(case, day, sold).items():
            for place, measure in enumerate(("units", "net_revenue", "profit")):
                expected = _curve(sorted((v[place] for v in values.values()), reverse=True))
                curves += bool(expected)
                if problem := difference(expected, found[day, kind, measure]):
                    yield f"{day} {kind} {measure}: {problem}"
    if curves != sum(bool(points) for points in found.values()):
        yield f"{curves} curves, the mart has {len(found)}"


def _millionths(share: Decimal | None) -> int | None:
    return None if share is None else int(share * 10**6)


def _curve(amounts: list[int]) -> dict[int, tuple]:
    if not amounts:
        return {}
    total, sums = sum(a for a in amounts if a > 0), [0]
    for amount in amounts:
        sums.append(sums[-1] + amount)
    count = len(amounts)

    def share(part: int, whole: int) -> int | None:
        return half_away(part * 10**6, whole) if total else None

    first = next((n for n, s in enumerate(sums) if s * 5 >= total * 4), 0)
    tops = {percent: -(-percent * count // 100) for percent in POINTS}
    return {
        percent: (top, share(sums[top], total), count, share(sums[tops[20]], total),
                  share(first, count), total)
        for percent, top in tops.items()
    }  # fmt: skip


def _entities(case: Case, day: date, sold: list[Sale]) -> dict[str, Values]:
    """Return the values of each unit and owner over twelve months."""
    start = add_months(day.replace(day=1), -11)
    identity, measure = case.books.identity(day), case.windows.measure(day)
    sums: dict[tuple[str, str, str], dict[str, Sums]] = defaultdict(lambda: defaultdict(Sums))
    found: dict[str, Values] = {"tier_unit": {}, "owner": {}}
    for line, quantity, owner in sold:
        if not start <= line.day <= day or line.account in identity.internal:
            continue
        known = line.cost is not None
        # Missing costs are rounded per account and family, and per owner where it changed hands.
        for kind, entity in (("tier_unit", identity.unit[line.account]), ("owner", owner)):
            if entity is None:
                continue
            sums[kind, entity, line.account][line.family].add(
                Sums(1, line.net, abs(line.net), line.cost or 0, line.net * known)
            )
            values = found[kind].setdefault(entity, [0, 0, 0])
            values[0] += quantity
            values[1] += line.net * PARTS // 100
    for (kind, entity, _), families in sums.items():
        found[kind][entity][2] += outlook.earned(families, measure) * PARTS // 100
    if measure.name == "contribution_profit":
        _take_off_service(case, day, found)
    return found


def _take_off_service(case: Case, day: date, found: dict[str, Values]) -> None:
    """Serving costs the unit, and the owner at the end of the month in which it was done."""
    identity, number = case.books.identity(day), month_number(day)
    for account in set(case.windows.service.efforts) - identity.internal:
        for month in range(number - 11, number + 1):
            cost = case.windows.service.cost(account, month, month)
            last = month_end(date((month - 1) // 12, (month - 1) % 12 + 1, 1))
            owner = case.books.at(account, last)["owner_user_id"]
            for kind, entity in (("tier_unit", identity.unit[account]), ("owner", owner)):
                if entity in found[kind]:
                    found[kind][entity][2] -= cost * PARTS // 100


def forecasts_are_recomputed(case: Case) -> Iterator[str]:
    """D3: the seasonal naive of every account, one month ahead of the past and four of today."""
    if not case.books.months:
        return
    last, expected = case.books.months[-1], {}
    for made_on in case.books.months[-13:]:
        for ahead in (1, 2, 3, 4) if made_on == last else (1,):
            for account in case.windows.cells:
                f = outlook.forecast(case, account, made_on, ahead)
                if f:
                    month = add_months(made_on.replace(day=1), ahead)
                    expected[account, month] = (
                        made_on, f.amount, f.profit, ratio(f.growth), f.is_intermittent,
                    )  # fmt: skip
    found = {
        (r["account_id"], r["forecast_month"]): (
            r["forecast_made_on"], cents(r["forecast_amount"]), cents(r["forecast_profit_amount"]),
            r["trailing_growth_ratio"], r["is_intermittent"],
        )
        for r in case.mart("int_forecasts__account_months")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


CHECKS = (curves_are_recomputed, forecasts_are_recomputed)
