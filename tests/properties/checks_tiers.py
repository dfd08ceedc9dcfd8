"""Properties of tiers, their history, events and drivers (I14 to I22, I36)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.properties import tiers
from tests.properties.basics import add_months, month_end, month_number
from tests.properties.crowd import Case, cents, difference

RANK = {"A": 1, "B": 2, "C": 3}


def tiers_are_recomputed(case: Case) -> Iterator[str]:
    """I14, I15: every unit and only units, with profit, share and tier as recomputed."""
    expected = {
        (day, unit): (
            r.net, r.profit, r.measure, r.tenure, r.raw if r.count else "INACTIVE",
            r.raw if r.status == "RATED" else r.status, r.tier, r.streak, r.is_at_risk,
            tiers.ratio(r.share), tiers.ratio(r.before),
        )
        for day, units in case.ratings.items()
        for unit, r in units.items()
    }  # fmt: skip
    found = {
        (r["month_end"], r["tier_unit_id"]): (
            cents(r["ttm_net_revenue_amount"]), cents(r["ttm_profit_amount"]), r["measure_used"],
            r["tenure_days"], r["raw_tier"], r["evaluated_tier"], r["tier"],
            r["down_streak_count"], r["is_at_risk"], r["profit_share_ratio"],
            r["cum_share_before_ratio"],
        )
        for r in case.mart("account_tiers")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem
    if len(found) != len(case.mart("account_tiers")):
        yield "a unit has two rows at one month-end"


def shares_sum_to_one(case: Case) -> Iterator[str]:
    """I15: the shares of positive profit sum to 1, but for the rounding of each."""
    sums: dict[date, list[Decimal]] = defaultdict(list)
    for r in case.mart("account_tiers"):
        if r["profit_share_ratio"] is not None:
            sums[r["month_end"]].append(r["profit_share_ratio"])
    for day, shares in sums.items():
        if abs(sum(shares) - 1) > len(shares) * Decimal("0.0000005"):
            yield f"{day}: {sum(shares)}"


def better_tiers_earn_more(case: Case) -> Iterator[str]:
    """I16, I17: A earns at least what B earns, B what C earns; A is there and covers its share."""
    months: dict[date, dict[str, list[Decimal]]] = defaultdict(lambda: defaultdict(list))
    for r in case.mart("account_tiers"):
        if r["raw_tier"] in RANK:
            months[r["month_end"]][r["raw_tier"]].append(r["ttm_profit_amount"])
    for day, raw in months.items():
        for better, worse in (("A", "B"), ("B", "C"), ("A", "C")):
            if raw[better] and raw[worse] and min(raw[better]) < max(raw[worse]):
                yield f"{day}: a {better} earns less than a {worse}"
        positive = sum(p for tier in raw.values() for p in tier if p > 0)
        limit = Decimal(case.books.rule("tier_config", day)["threshold_a"])
        if bool(raw["A"]) != (positive > 0) or sum(raw["A"]) < positive * limit:
            yield f"{day}: A earns {sum(raw['A'])} of {positive}"


def history_is_whole(case: Case) -> Iterator[str]:
    """I20: half-open periods without gap or overlap, that say the tier of every month-end."""
    units: dict[str, list] = defaultdict(list)
    for r in case.mart("account_tier_history"):
        units[r["tier_unit_id"]].append(r)
    expected = {(r["tier_unit_id"], r["month_end"]): r["tier"] for r in case.mart("account_tiers")}
    found = {}
    for unit, rows in units.items():
        rows.sort(key=lambda r: r["valid_from"])
        for place, r in enumerate(rows):
            day, months, until = r["valid_from"], 0, r["valid_to"] or date.max
            if r["is_current"] != (r["valid_to"] is None):
                yield f"{unit} {day}: is_current"
            if place + 1 < len(rows):
                if until > rows[place + 1]["valid_from"]:
                    yield f"{unit} {day}: overlaps the next period"
                if until == rows[place + 1]["valid_from"] and r["tier"] == rows[place + 1]["tier"]:
                    yield f"{unit} {day}: two periods of one tier follow each other"
            while day < until and day <= case.books.end:
                found[unit, day] = r["tier"]
                day, months = month_end(add_months(day, 1)), months + 1
            if months != r["months_count"]:
                yield f"{unit} {r['valid_from']}: {r['months_count']} months, counted {months}"
    if problem := difference(expected, found):
        yield problem


def events_are_recomputed(case: Case) -> Iterator[str]:
    """I21, I22: the events are the differences of month-ends and the first months at risk."""
    rows = case.mart("tier_events")
    expected = {
        (e.day, e.unit, e.kind, e.before, e.after): True
        for e in tiers.events(case.books, case.ratings)
    }
    columns = ("effective_date", "tier_unit_id", "event_type", "from_tier", "to_tier")
    found = {tuple(r[c] for c in columns): True for r in rows}
    if problem := difference(expected, found):
        yield problem
    if len(found) != len(rows):
        yield "an event stands twice"


def drops_had_their_streak(case: Case) -> Iterator[str]:
    """I21: by the published shares alone, a drop follows so many month-ends beyond the band."""
    shares = {
        (r["tier_unit_id"], month_number(r["month_end"])): r for r in case.mart("account_tiers")
    }
    for event in case.mart("tier_events"):
        if event["event_type"] != "drop":
            continue
        day, last = event["effective_date"], month_number(event["effective_date"])
        rules = case.books.rule("tier_config", day)
        for number in range(last - int(rules["down_month_ends"]) + 1, last + 1):
            r = shares.get((event["tier_unit_id"], number))
            rules = case.books.rule("tier_config", r["month_end"]) if r else rules
            limit = rules["threshold_a" if event["from_tier"] == "A" else "threshold_b"]
            share = (
                Decimal(1)
                if r is None or r["ttm_profit_amount"] <= 0
                else r["cum_share_before_ratio"]
            )
            if (
                r is None
                or share is None
                or share + Decimal("0.000001") < Decimal(limit) + Decimal(rules["band"])
            ):
                yield f"{event['event_key']}: month {number} was not down"


def profit_changes_are_recomputed(case: Case) -> Iterator[str]:
    """I36: the change of profit by the members and the measure of the event, and its drivers."""
    drivers: dict[str, Decimal] = defaultdict(Decimal)
    for r in case.mart("tier_drop_drivers"):
        drivers[r["event_key"]] += r["driver_amount"]
    products: dict[str, dict[str, tuple]] = defaultdict(dict)
    for r in case.mart("tier_drop_products"):
        products[r["event_key"]][r["product_family"]] = (
            cents(r["profit_prior_amount"]), cents(r["profit_current_amount"]),
            cents(r["total_change_amount"]),
        )  # fmt: skip
    for event in case.mart("tier_events"):
        day, unit = event["effective_date"], event["tier_unit_id"]
        prior = _prior(case, day, unit)
        if cents(event["profit_prior_amount"]) != prior:
            yield f"{event['event_key']}: prior {event['profit_prior_amount']}, expected {prior}"
        change = None if prior is None else case.ratings[day][unit].profit - prior
        if cents(event["own_profit_change_amount"]) != change:
            yield f"{event['event_key']}: change {event['own_profit_change_amount']} not {change}"
        if event["event_type"] not in {"drop", "lapsed", "watch"} or change is None:
            continue
        if cents(drivers[event["event_key"]]) != change:
            yield f"{event['event_key']}: drivers {drivers[event['event_key']]} not {change}"
        if problem := difference(_families(case, day, unit), products[event["event_key"]]):
            yield f"{event['event_key']}: {problem}"


def _prior_day(case: Case, day: date) -> date | None:
    if add_months(day.replace(day=1), -23) < case.books.first_document:
        return None
    before = month_end(add_months(day.replace(day=1), -12))
    known = ("net_revenue", "gross_profit", "contribution_profit")
    then, now = (known.index(case.windows.measure(d).name) for d in (before, day))
    if then < now:
        return None
    return before


def _members(case: Case, day: date, unit: str) -> list[str]:
    identity = case.books.identity(day)
    return [a for a, u in identity.unit.items() if u == unit and a not in identity.internal]


def _prior(case: Case, day: date, unit: str) -> int | None:
    before = _prior_day(case, day)
    if before is None:
        return None
    measure, windows = case.windows.measure(day).name, case.windows.at(before)
    return sum(windows[a].value(measure) for a in _members(case, day, unit) if a in windows)


def _families(case: Case, day: date, unit: str) -> dict[str, tuple[int, int, int]]:
    """Return what each family earned in the window before and in this one."""
    before, has_cost = _prior_day(case, day), case.windows.measure(day).has_cost
    sides: list[dict[str, int]] = []
    for end in (before, day):
        sums: dict[str, int] = defaultdict(int)
        measure = case.windows.measure(end)
        for account in _members(case, day, unit):
            number = month_number(end)
            for family, s in case.windows.families(account, number - 11, number).items():
                cost = s.cost + measure.imputed(family, s.net - s.known_net) if has_cost else 0
                sums[family] += s.net - cost
        sides.append(sums)
    return {
        f: (sides[0].get(f, 0), sides[1].get(f, 0), sides[1].get(f, 0) - sides[0].get(f, 0))
        for f in {**sides[0], **sides[1]}
    }


def counts_are_recomputed(case: Case) -> Iterator[str]:
    """The rule by count, losses, one-off bulk and the coverage of costs, from the documents."""
    for day, units in case.ratings.items():
        active = [r for r in units.values() if r.count]
        rules = case.books.rule("tier_config", day)
        for row in case.mart("account_tiers"):
            if row["month_end"] != day or row["tier_unit_id"] not in units:
                continue
            r = units[row["tier_unit_id"]]
            rank = 1 + sum(o.profit > r.profit for o in active)
            want: str | None = None
            if r.count:
                a, b = (Fraction(rules[f"count_share_{x}"]) * len(active) for x in "ab")
                want = "C" if r.profit < 0 else "A" if rank <= a else "B" if rank <= b else "C"
            if (row["count_rule_tier"], row["is_loss_making"]) != (want, r.profit < 0):
                yield f"{day} {r.unit}: by count {row['count_rule_tier']}, expected {want}"
            if r.count and row["profit_rank"] != rank:
                yield f"{day} {r.unit}: rank {row['profit_rank']}, expected {rank}"


CHECKS = (
    tiers_are_recomputed, shares_sum_to_one, better_tiers_earn_more, history_is_whole,
    events_are_recomputed, drops_had_their_streak, profit_changes_are_recomputed,
    counts_are_recomputed,
)  # fmt: skip
