"""Properties of place, capacity, position, approval and internal requests (B7, B8, V7, V9)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from tests.properties.basics import add_months, business_day
from tests.properties.checks_profiles import compared
from tests.properties.crowd import Case, difference
from tests.properties.harness import Row
from tests.properties.service import middle, rounded, share
from tests.properties.tiers import ratio

RADIUS = 6371


def approvals_and_positions_are_recomputed(case: Case) -> Iterator[str]:
    """B7, B8, V12: what else an account is, how long approval took, our place as it states it."""
    books, end, rows = case.books, case.books.end, case.inputs.rows
    rule = books.rule("alert_rules", end, rule="supplier_statement_days")
    limit = end - timedelta(days=int(float(rule["amount"])))
    newest: dict[str, dict[str, Row]] = defaultdict(dict)
    for r in sorted(rows.get("crm_supplier_positions", []), key=lambda r: r["stated_on"]):
        if limit <= r["stated_on"] <= end:
            newest[r["account_id"]][r["product_category"]] = r
    met: dict[str, date] = {}
    for r in rows.get("crm_activities", []):
        if (day := business_day(r["activity_at"])) <= end:
            met[r["account_id"]] = min(met.get(r["account_id"], day), day)
    expected = {}
    for account in books.versions:
        version, stated = books.at(account, end), newest[account].values()
        approved, first = version.get("supplier_approved_on"), met.get(account)
        is_approved = approved is not None and approved <= end
        ranks = [r["our_rank"] for r in stated if r["our_rank"] is not None]
        counts = [r["supplier_count"] for r in stated if r["supplier_count"] is not None]
        expected[account] = (
            (version.get("relation_types") or "").strip() or None,
            (approved - first).days if is_approved and first and first <= approved else None,
            min(ranks, default=None), max(counts, default=None),
        )  # fmt: skip
    yield from compared(
        case, expected, "relation_types", "approval_days", "best_supplier_rank",
        "largest_supplier_count",
    )  # fmt: skip


def places_are_recomputed(case: Case) -> Iterator[str]:
    """V9: kilometres to the nearest plant by the haversine, and the share of all capacity."""
    end, plants = case.books.end, case.inputs.rows.get("erp_plants", [])
    capacities = [r["yearly_capacity"] for r in plants]
    total = None if None in capacities else sum(capacities)
    found = {r["account_id"]: r for r in case.mart("accounts")}
    for account in case.books.versions:
        version, told = case.books.at(account, end), found[account]
        ways = [
            _kilometres(version, r) for r in plants
            if None not in (version.get("latitude"), version.get("longitude"), r["latitude"],
                            r["longitude"])
        ]  # fmt: skip
        km = told["nearest_plant_km"]
        # By another formula, so that a half may fall on either side within a millimetre.
        if (km is None) != (not ways) or (ways and abs(min(ways) - km) > 0.500001):
            yield f"{account}: {km} km, expected {min(ways, default=None)}"
        wanted = version.get("requested_capacity")
        asked = ratio(Fraction(wanted) / Fraction(total)) if total and wanted is not None else None
        if told["requested_capacity_ratio"] != asked:
            yield f"{account}: {told['requested_capacity_ratio']} of the capacity, expected {asked}"


def _kilometres(one: Row, other: Row) -> float:
    north, east, its_north, its_east = (
        math.radians(r[c]) for r in (one, other) for c in ("latitude", "longitude")
    )
    part = math.sin((its_north - north) / 2) ** 2
    part += math.cos(north) * math.cos(its_north) * math.sin((its_east - east) / 2) ** 2
    return 2 * RADIUS * math.asin(min(1.0, math.sqrt(part)))


def internal_response_is_recomputed(case: Case) -> Iterator[str]:
    """V7: what each team was asked in twelve months, and how fast it answered."""
    end, expected = case.books.end, {}
    requests = [r for r in case.inputs.rows.get("crm_internal_requests", [])
                if business_day(r["requested_at"]) <= end]  # fmt: skip
    for day in case.ratings:
        first = add_months(day.replace(day=1), -11)
        for team in {r["team"] for r in requests}:
            asked, answered, seconds = 0, 0, []
            for r in (r for r in requests if r["team"] == team):
                on, came = business_day(r["requested_at"]), r["first_response_at"]
                came_on = None if came is None else max(business_day(came), on)
                is_here = came is not None and business_day(came) <= end
                if first <= on <= day:
                    asked += 1
                    answered += is_here and came_on <= day
                if is_here and first <= came_on <= day:
                    seconds.append(max(0, (came - r["requested_at"]).total_seconds()))
            if asked or seconds:
                hours = middle([int(s) for s in seconds])
                expected[day, team] = (
                    asked,
                    answered,
                    share(answered, asked),
                    None if hours is None else rounded(hours / 3600),
                )
    found = {
        (r["month_end"], r["team"]): (
            r["requests_count"], r["answered_count"], r["answered_ratio"],
            r["first_response_hours"],
        )
        for r in case.mart("internal_response")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


CHECKS = (
    approvals_and_positions_are_recomputed, places_are_recomputed,
    internal_response_is_recomputed,
)  # fmt: skip
