"""Properties of concentration and referrals (V8, Q2)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.properties.basics import half_away
from tests.properties.concentration import Concentration, Scope, concentrate, values_at
from tests.properties.crowd import Case, cents, difference
from tests.properties.harness import Row
from tests.properties.tiers import exists, ratio


def concentration_is_recomputed(case: Case) -> Iterator[str]:
    """I31: shares, indices, bands and what is left without the largest, scope by scope."""
    expected = {}
    for day in case.windows.tier_months:
        for scope, values in values_at(case, day).items():
            expected[day, *scope] = _told(case, day, scope, concentrate(values))
    found = {
        (r["month_end"], r["scope_type"], r["scope_id"], r["measure"]): (
            r["accounts_count"], cents(r["total_positive_amount"]), r["non_positive_count"],
            r["top1_ratio"], r["top3_ratio"], r["top5_ratio"], r["hhi"], r["hhi_points"],
            r["effective_accounts"], r["gini"], r["half_value_accounts_count"],
            r["top1_tier_unit_id"], cents(r["without_top1_amount"]),
            cents(r["without_top3_amount"]), r["fixed_cost_months_without_top1"], r["top1_band"],
            r["hhi_band"],
        )
        for r in case.mart("concentration")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def _told(case: Case, day: date, scope: Scope, c: Concentration) -> tuple:
    rules = case.books.rule("concentration_config", day)
    points = None if c.hhi is None else half_away(c.hhi.numerator * 10**4, c.hhi.denominator)
    return (
        c.count, c.total, c.others, *(ratio(t) for t in c.tops), ratio(c.hhi), points,
        ratio(c.hhi and 1 / c.hhi), ratio(c.gini), c.half, c.largest, *c.left,
        ratio(_months(case, day, scope, c)),
        _band(c.tops[0], rules, "top1_share", ("critical", "high", "noticeable")),
        _band(c.hhi, rules, "hhi", ("high", "moderate")),
    )  # fmt: skip


def _band(value: Fraction | None, rules: Row, limit: str, bands: tuple[str, ...]) -> str:
    if value is None:
        return "none"
    return next((b for b in bands if value >= Fraction(rules[f"{b}_{limit}"])), "low")


def _months(case: Case, day: date, scope: Scope, c: Concentration) -> Fraction | None:
    costs = [
        r
        for r in case.inputs.rules.get("fixed_costs", [])
        if date.fromisoformat(r["valid_from"]) <= day
    ]
    known = case.windows.measure(day).name != "net_revenue"
    if not costs or not known or scope[0] != "company" or scope[2] != "profit":
        return None
    newest = max(costs, key=lambda r: r["valid_from"])
    return Fraction(c.left[0], cents(Decimal(newest["monthly_amount"])) or 1)


def merging_never_lowers_the_index(case: Case) -> Iterator[str]:
    """I32: units are merged accounts, so their index is that of the accounts alone or higher."""
    for r in case.mart("concentration"):
        if (r["scope_type"], r["measure"]) != ("company", "revenue") or r["hhi"] is None:
            continue
        day = r["month_end"]
        identity = case.books.identity(day)
        active = {unit for unit, rating in case.ratings[day].items() if rating.count}
        single = {
            account: window.net
            for account, window in case.windows.at(day).items()
            if account not in identity.internal and identity.unit[account] in active
        }
        alone = ratio(concentrate(single).hhi)
        if min(single.values()) >= 0 and alone is not None and alone > r["hhi"]:
            yield f"{day}: {alone} before accounts are merged, {r['hhi']} after"


def referrals_are_recomputed(case: Case) -> Iterator[str]:
    """Q2: who came through whom, the first of the chain, and what each brought its source."""
    books = case.books
    identity, rows = books.identity(books.end), {r["account_id"]: r for r in case.mart("accounts")}
    source = {}
    for account in set(books.versions) - identity.internal:
        said = books.at(account, books.end).get("referred_by_account_id")
        if said not in books.versions or said in identity.internal:
            continue
        # Who comes after the day neither came through anybody nor brought anybody by then.
        if all(exists(books, case.windows, one, books.end) for one in (account, said)):
            source[account] = identity.customer[said]
    expected = {}
    for account, direct in source.items():
        chain = [direct]
        while (above := source.get(chain[-1])) and above not in chain:
            chain.append(above)
        circle = set() if above is None else set(chain[chain.index(above) :])
        if account in circle:
            continue
        # A chain ends where nobody came before, or with the first account of a circle.
        steps = next((n for n, a in enumerate(chain, 1) if a in circle), len(chain))
        unit, theirs, row = identity.unit[account], identity.unit[direct], rows[account]
        is_same, nothing = unit == theirs, Decimal("0.00")
        expected[account] = (
            books.end, direct, theirs, chain[steps - 1], steps, unit, row["tier"],
            (books.purchases.get(account) or [None])[0],
            nothing if is_same else row["ttm_net_revenue_amount"],
            nothing if is_same else row["ttm_profit_amount"], is_same,
        )  # fmt: skip
    found = {
        r["account_id"]: tuple(
            r[c]
            for c in (
                "as_of_date", "source_account_id", "source_tier_unit_id", "root_account_id",
                "chain_length_count", "tier_unit_id", "tier", "first_purchase_date",
                "ttm_net_revenue_amount", "ttm_profit_amount", "is_same_unit",
            )
        )
        for r in case.mart("referrals")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


LEVELS = {"noticeable": 1, "moderate": 1, "high": 2, "critical": 3}
SEVERITIES = {
    ("top1", "noticeable"): "info", ("top1", "high"): "medium", ("top1", "critical"): "critical",
    ("hhi", "moderate"): "low", ("hhi", "high"): "medium",
}  # fmt: skip


def concentration_alerts_are_recomputed(case: Case) -> Iterator[str]:
    """V8: each band that rises is told, below the company where there are enough units."""
    rows = {
        (r["month_end"], r["scope_type"], r["scope_id"], r["measure"]): r
        for r in case.mart("concentration")
    }
    expected = {}
    for (day, *scope), r in rows.items():
        least = int(case.books.rule("concentration_config", day)["minimum_alert_units"])
        if scope[0] != "company" and r["accounts_count"] < least:
            continue
        was = rows.get((day.replace(day=1) - timedelta(days=1), *scope), {})
        for index in ("top1", "hhi"):
            band, before = r[f"{index}_band"], was.get(f"{index}_band", "none")
            if LEVELS.get(band, 0) > LEVELS.get(before, 0):
                severity = SEVERITIES[index, band]
                delivery = "immediate" if severity == "critical" else "digest"
                expected[":".join((*scope, index)), day] = (
                    before, band, severity, delivery, r["top1_tier_unit_id"],
                    r["total_positive_amount"], "bi", r["hhi_points"], _named(case, *scope[:2]),
                )  # fmt: skip
    found = {
        (r["unit_id"], r["effective_date"]): (
            r["from_value"], r["to_value"], r["severity"], r["delivery"], r["account_id"],
            r["at_stake_amount"], r["audience"], json.loads(r["payload"])["hhi_points"],
            json.loads(r["payload"])["scope_name"],
        )
        for r in case.mart("alert_events")
        if r["alert_type"] == "concentration_threshold"
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def _named(case: Case, scope: str, name: str) -> str:
    names = {r["user_id"]: r["user_name"] for r in case.inputs.rows.get("crm_users", [])}
    return {
        "company": "the company", "channel": f"channel {name}",
        "owner": f"the accounts of {names.get(name, name)}",
        "product_family": f"product family {name}",
    }[scope]  # fmt: skip


CHECKS = (
    concentration_is_recomputed,
    merging_never_lowers_the_index,
    referrals_are_recomputed,
    concentration_alerts_are_recomputed,
)
