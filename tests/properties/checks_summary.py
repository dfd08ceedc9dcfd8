"""Properties of the tiles of the front page (T2, T5, T14, T15, V10) and of the base."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import isqrt
from typing import Any

from tests.properties.basics import add_months, business_day, half_away, month_end, month_number
from tests.properties.crowd import Case, cents, difference
from tests.properties.harness import Row
from tests.properties.opportunities import Opportunities
from tests.properties.relationships import AUTOMATIC
from tests.properties.tiers import Rating, ratio

TIERS = ("A", "B", "C", "NEW", "INACTIVE")


def back(day: date, months: int) -> date:
    """Return the month-end so many months before one."""
    return month_end(add_months(day.replace(day=1), -months))


def share(part: Any, whole: Any) -> Decimal | None:
    """Return a quotient as a mart shows it; None unless the whole is above 0."""
    return ratio(Fraction(part, whole)) if part is not None and whole and whole > 0 else None


class Books:
    """What the yearly bridge kept, of A and of all others, in cents."""

    def __init__(self, case: Case) -> None:
        """Take the bridge of revenue."""
        self.case = case

    @cached_property
    def sums(self) -> dict[tuple[date, bool], tuple[int, int, int]]:
        """Month-end and whether it is A to opening, retained and closing book."""
        found: dict[tuple[date, bool], tuple[int, int, int]] = {}
        for (day, customer), m in self.case.yearly["revenue"].items():
            unit = self.case.books.identity(day).unit[customer]
            rating = self.case.ratings[back(day, 12)].get(unit)
            key = (day, rating is not None and rating.tier == "A")
            opening, retained, closing = found.get(key, (0, 0, 0))
            found[key] = (opening + m.opening, retained + min(m.opening, m.closing),
                          closing + m.closing)  # fmt: skip
        return found

    def kept(self, day: date, is_a: bool) -> Fraction | None:
        """Return gross retention of a book."""
        opening, retained, _ = self.sums.get((day, is_a), (0, 0, 0))
        return Fraction(retained, opening) if opening else None

    def is_eroding(self, day: date) -> bool:
        """Return whether the base kept less than a year ago while A bought more."""
        now, before = self.kept(day, False), self.kept(back(day, 12), False)
        opening, _, closing = self.sums.get((day, True), (0, 0, 0))
        return now is not None and before is not None and now < before and closing > opening > 0


def summary_is_recomputed(case: Case) -> Iterator[str]:
    """T2, T5, T14, T15, V10: the tiles are what tiers, bridge, touches and manual inputs say."""
    books = Books(case)
    expected, names = {}, set()
    for day, units in case.ratings.items():
        said = (
            _counts(case, day, units) | _kept(books, day) | _variations(case, day, units)
            | _outcomes(case, day) | _touches(case, day) | _repeated(case, day)
        )  # fmt: skip
        expected[day] = said
        names |= set(said)
    found = {r["month_end"]: {n: r[n] for n in names} for r in case.mart("portfolio_summary")}
    for day in sorted({*expected, *found}):
        problem = difference(expected.get(day, {}), found.get(day, {}))
        if problem:
            yield f"{day}: {problem}"
    rows = case.mart("portfolio_summary")
    if rows and {"month_end", *names} != set(rows[0]):
        yield f"columns that nobody recomputes: {set(rows[0]) - names}"


def _counts(case: Case, day: date, units: dict[str, Rating]) -> dict[str, Any]:
    tiers = Counter(r.tier for r in units.values())
    profit, revenue = sum(r.profit for r in units.values()), sum(r.net for r in units.values())
    of_a = [r for r in units.values() if r.tier == "A"]
    listed = {u for u, c in case.candidates.at[day].items() if c.is_candidate}
    stages = {
        u: case.relationships.standings[day, u].stage
        for u in units
        if (day, u) in case.relationships.standings
    }
    values = [
        cents(r["clv_incl_current_year_amount"]) or 0 for r in case.mart("account_value")
        if r["month_end"] == day and r["tier_unit_id"] in {x.unit for x in of_a}
    ]  # fmt: skip
    met = [stages[r.unit] for r in of_a if r.unit in stages]
    asked = {r.unit for r in of_a} | listed
    known = sum(_inputs(case, unit, day) for unit in asked)
    positive = sum(max(r.profit, 0) for r in units.values())
    return {
        **{f"{tier.lower()}_units_count": tiers[tier] for tier in TIERS},
        "key_accounts_count": sum(
            r.tier == "A" or case.books.is_reference(u, day) or stages.get(u) == 5
            for u, r in units.items()
        ),
        "candidates_count": len(listed),
        "a_profit_ratio": share(sum(r.profit for r in of_a), profit),
        "a_revenue_ratio": share(sum(r.net for r in of_a), revenue),
        "a_mean_clv_amount": Decimal(half_away(sum(values), len(values))) / 100 if values else None,
        "a_mean_stage": share(sum(met), len(met)),
        "whale_peak_ratio": share(positive, profit),
        "loss_making_units_count": sum(r.profit < 0 for r in units.values()),
        "ttm_net_revenue_amount": Decimal(revenue) / 100,
        "ttm_profit_amount": Decimal(profit) / 100,
        "manual_coverage_ratio": share(known, 5 * len(asked)),
        "has_no_positive_profit": positive == 0,
    }  # fmt: skip


def _inputs(case: Case, account: str, day: date) -> int:
    books, rows = case.books, case.inputs.rows
    version = books.at(account, day)
    oldest = day - timedelta(days=int(books.rule("relationship_rules", day)["rating_days"]))
    people = [
        r for r in rows.get("crm_contacts", [])
        if r["account_id"] == account and r.get("is_active") in {None, True}
    ]  # fmt: skip
    ratings = [r["interpersonal_rated_on"] for r in people if r.get("interpersonal_rating")]
    proofs = [
        r for r in rows.get("crm_relationship_evidence", []) if r["account_id"] == account
        and r["start_date"] <= day <= (r["end_date"] or day)
    ]  # fmt: skip
    return sum(
        (
            version["influence_score"] is not None
            and books.is_fresh(version["influence_rated_on"], "influence_months", day),
            version["wallet_amount"] is not None
            and books.is_fresh(version["wallet_as_of_date"], "wallet_months", day),
            any(r.get("department") for r in people),
            any(d is not None and oldest <= d <= day for d in ratings),
            bool(proofs),
        )
    )


def _kept(books: Books, day: date) -> dict[str, Any]:
    return {
        "a_grr": ratio(books.kept(day, True)),
        "base_grr": ratio(books.kept(day, False)),
        "is_base_eroding": books.is_eroding(day),
    }


def _variations(case: Case, day: date, units: dict[str, Rating]) -> dict[str, Any]:
    """Deviation by mean of twelve months, of monthly shares with six decimals."""
    identity, last = case.books.identity(day), month_number(day)
    months: dict[bool, list[int]] = {True: [0] * 12, False: [0] * 12}
    for account, cells in case.windows.cells.items():
        if account in identity.internal:
            continue
        rating = units.get(identity.unit[account])
        side = months[rating is not None and rating.tier == "A"]
        for month, families in cells.items():
            if last - 12 < month <= last:
                side[month - last + 11] += sum(s.net for s in families.values())

    def variation(amounts: list[int]) -> Decimal | None:
        total = sum(amounts)
        if total <= 0 or max(abs(a) for a in amounts) > 100 * total:
            return None
        parts = [half_away(a * 10**6, total) for a in amounts]
        root = isqrt((12 * sum(p * p for p in parts) - sum(parts) ** 2) * 10**10)
        return ratio(Fraction(root, sum(parts) * 10**5))

    return {
        "a_revenue_variation_ratio": variation(months[True]),
        "base_revenue_variation_ratio": variation(months[False]),
    }


def _outcomes(case: Case, day: date) -> dict[str, Any]:
    """What became of those who were B, candidates, churned or lost before."""
    year_ago, months = back(day, 12), list(case.ratings)
    former = [u for u, r in case.ratings.get(year_ago, {}).items() if r.tier == "B"]
    since = [m for m in months if year_ago < m <= day]
    risen = [
        u for u in former if any(u in case.ratings[m] and case.ratings[m][u].tier == "A"
                                 for m in since)
    ]  # fmt: skip
    known = [
        unit
        for month, units in case.candidates.at.items()
        for unit in units.values()
        if month_number(month)
        + int(case.books.rule("candidate_config", month)["conversion_months"]) == month_number(day)
    ]  # fmt: skip
    sides = [
        [u.became_a is not None for u in known if u.is_candidate is side] for side in (True, False)
    ]
    rates = [Fraction(sum(s), len(s)) if s else None for s in sides]
    lift = rates[0] / rates[1] if rates[0] is not None and rates[1] else None
    churned = [
        r["bought_within_12m_after"] for r in case.mart("customer_lifecycle")
        if r["as_of_date"] == year_ago and r["lifecycle_state"] == "churned"
    ]  # fmt: skip
    losses = [
        r["is_post_mortem_complete"] for r in case.mart("churned_accounts")
        if year_ago < r["churned_date"] <= day
    ]  # fmt: skip
    referred = [r["tier_unit_id"] for r in case.mart("referrals") if not r["is_same_unit"]]
    were_a = {u for m in months if m <= day for u, r in case.ratings[m].items() if r.tier == "A"}
    return {
        "b_to_a_ratio": share(len(risen), len(former)),
        "candidate_conversion_ratio": ratio(rates[0]),
        "candidate_lift": ratio(lift),
        "false_churn_ratio": share(churned.count("yes"), len(churned)),
        "post_mortem_complete_ratio": share(sum(losses), len(losses)),
        "referrals_to_a_count": sum(u in were_a for u in referred) if referred else None,
    }


def _touches(case: Case, day: date) -> dict[str, Any]:
    rows, identity, last = case.inputs.rows, case.books.identity(day), month_number(day)
    if "crm_activities" not in rows:
        return {"digital_touch_ratio": None, "visits_per_won_order": None}
    channels = [
        (r.get("channel") or "").lower() for r in rows["crm_activities"]
        if r["account_id"] in identity.unit and r["account_id"] not in identity.internal
        and last - 12 < month_number(business_day(r["activity_at"])) <= last
        and business_day(r["activity_at"]) <= case.books.end
        and (r.get("channel") or "").lower() not in AUTOMATIC
    ]  # fmt: skip
    won = [
        r for r in Opportunities(case.books).rows
        if r["is_won"] and r["closed_on"] and last - 12 < month_number(r["closed_on"]) <= last
    ]  # fmt: skip
    digital = [c for c in channels if c and _is_digital(case, c, day)]
    return {
        "digital_touch_ratio": share(len(digital), len(channels)),
        "visits_per_won_order": share(channels.count("visit"), len(won)),
    }


def _is_digital(case: Case, channel: str, day: date) -> bool:
    try:
        return bool(
            case.books.rule("digital_channels", day, channel=channel)["is_digital"] == "true"
        )
    except ValueError:
        return False


def _repeated(case: Case, day: date) -> dict[str, Any]:
    """What another mart publishes of the company."""

    def one(mart: str, **where: Any) -> Row:
        rows = case.mart(mart)
        return next((r for r in rows if all(r[k] == v for k, v in where.items())), {})

    money = one("collection_metrics", as_of_date=day, scope_type="company")
    bridge = one("retention_summary", month_end=day, scope_type="company",
                 comparison="year_over_year", measure="revenue")  # fmt: skip
    gross = money.get("ending_receivables_amount")
    return {
        "gross_open_amount": gross,
        "overdue_amount": None if gross is None else gross - money["ending_current_amount"],
        **{name: money.get(name) for name in ("dso_countback_days", "cei")},
        **{name: bridge.get(name) for name in ("nrr", "grr")},
    }


def erosion_is_told(case: Case) -> Iterator[str]:
    """T14: the first month-end of each run of erosion, with what was kept now and a year ago."""
    books, expected, was = Books(case), {}, False
    for day in case.windows.bridge_months:
        now = books.is_eroding(day)
        if now and not was:
            opening, retained, _ = books.sums[day, False]
            a_opening, _, a_closing = books.sums[day, True]
            expected[day] = (
                "medium", "digest", "bi", opening, retained, a_opening, a_closing,
                ratio(books.kept(day, False)), ratio(books.kept(back(day, 12), False)),
            )  # fmt: skip
        was = now
    found = {}
    for r in case.mart("alert_events"):
        if r["alert_type"] == "base_eroding":
            said = json.loads(r["payload"], parse_float=Decimal)
            found[r["effective_date"]] = (
                r["severity"], r["delivery"], r["audience"], cents(r["at_stake_amount"]),
                cents(said["base_retained_amount"]), cents(said["a_opening_amount"]),
                cents(said["a_closing_amount"]), said["base_grr"], said["former_base_grr"],
            )  # fmt: skip
    if problem := difference(expected, found):
        yield problem


CHECKS = (summary_is_recomputed, erosion_is_told)
