"""Properties of owners who change or leave, and of the alerts of it (P11, P12)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.properties.basics import FIRST_DAY, add_months, month_end
from tests.properties.crowd import Case, cents, difference
from tests.properties.owners import ONE_DAY, Change, Owners, ends
from tests.properties.tiers import ratio


def turnover_is_recomputed(case: Case) -> Iterator[str]:
    """P11: every change or loss of an owner in 24 months, what it puts at risk, what was kept."""
    owners, end = Owners(case.books, case.relationships), case.books.end
    start = add_months(end, -24)
    if month_end(end) == end:
        start = month_end(start)
    recent = [c for c in owners.changes if c.day > start]
    expected = {}
    for c in recent:
        before, after = _revenue(case, c.account, c.month)
        mass = any(c.former in lost for (t, _), lost in owners.mass.items())
        known, there = owners.known_from(c.account), owners.starts.get(c.account, FIRST_DAY)
        expected[c.account, c.day] = (
            c.kind, c.former, c.after, owners.team(c.former), *_facts(case, c),
            sum(o.account == c.account for o in recent), c.kind == "owner_left" and mass,
            _share(after, before), _peers(case, owners, c),
            known <= max(start + ONE_DAY, there),
        )  # fmt: skip
    found = {
        (r["account_id"], r["changed_date"]): (
            r["change_type"], r["former_owner_user_id"], r["new_owner_user_id"], r["team"],
            r["tier"], r["is_single_threaded_before"], cents(r["ttm_profit_amount"]),
            cents(r["profit_at_risk_amount"]), r["owner_changes_count"], r["is_mass_departure"],
            r["retained_12m_ratio"], r["peer_retained_12m_ratio"], r["is_history_complete"],
        )
        for r in case.mart("owner_turnover")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def _facts(case: Case, c: Change) -> tuple[str | None, bool, int | None, int]:
    """Return tier, thread, profit and profit at risk of an account at a month-end."""
    identity = case.books.identity(c.month)
    rating = case.ratings.get(c.month, {}).get(identity.unit.get(c.account, ""))
    if c.account in identity.internal:
        rating = None
    standing = case.relationships.standings.get((c.month, c.account))
    is_single = standing is not None and standing.is_single
    profit = None
    if c.month in case.windows.tier_months:
        window = case.windows.at(c.month).get(c.account)
        profit = window.value(case.windows.measure(c.month).name) if window else 0
    at_risk = max(profit or 0, 0) if is_single else 0
    return rating.tier if rating else None, is_single, profit, at_risk


def _revenue(case: Case, account: str, month: date) -> tuple[int | None, int | None]:
    """Return revenue of the twelve months to a month-end, and of the twelve after it."""
    if month not in case.windows.tier_months:
        return None, None
    later = ends(month)[1]
    before = _net(case, account, month)
    if later not in case.books.months:
        return before, None
    survivor = case.books.at(account, later)["merged_into_account_id"]
    return before, _net(case, account, later) if survivor in {None, account} else None


def _net(case: Case, account: str, month: date) -> int:
    window = case.windows.at(month).get(account)
    return window.net if window else 0


def _share(after: int | None, before: int | None) -> Decimal | None:
    return (
        None if after is None or before is None or before <= 0 else ratio(Fraction(after, before))
    )


def _peers(case: Case, owners: Owners, c: Change) -> Decimal | None:
    """Return what accounts of the tier kept that did not change hands around a month-end."""
    former, later = ends(c.month)
    if c.month not in case.windows.tier_months or later not in case.books.months:
        return None
    tier, *_ = _facts(case, c)
    identity, units = case.books.identity(c.month), case.ratings[c.month]
    moved = {o.account for o in owners.changes if former < o.day <= later}
    before = after = 0
    for account, window in case.windows.at(c.month).items():
        rating = units.get(identity.unit.get(account, ""))
        if account in moved or account in identity.internal or rating is None:
            continue
        if rating.tier == tier and window.net > 0:
            before += window.net
            after += _net(case, account, later)
    return _share(after, before)


def departures_are_told(case: Case) -> Iterator[str]:
    """P11, P12: who left accounts behind, and a team that lost many: the day, what is exposed."""
    owners = Owners(case.books, case.relationships)
    told = {("owner_left", user, day): {user} for user, day in owners.leavers.items()}
    told |= {("mass_departure", *key): lost for key, lost in owners.openings.items()}
    expected = {}
    for (kind, unit, day), users in told.items():
        lost = [
            (c, *_facts(case, c)[1:]) for c in owners.changes
            if c.kind == "owner_left" and c.former in users
        ]  # fmt: skip
        at_risk = sum(risk for *_, risk in lost)
        severity = "critical" if kind == "mass_departure" else "high" if at_risk else "medium"
        first = sorted(lost, key=lambda x: (-x[3], x[2] is None, -(x[2] or 0), x[0].account))
        expected[kind, unit, day] = (
            severity, "digest" if severity == "medium" else "immediate", None, at_risk, len(lost),
            sum(single for _, single, *_ in lost), sum(c.after is None for c, *_ in lost),
            sum(profit or 0 for *_, profit, _ in lost), sorted(users),
            [c.account for c, *_ in first[:3]],
        )  # fmt: skip
    found = {}
    for r in case.mart("alert_events"):
        if r["alert_type"] in {"owner_left", "mass_departure"}:
            said = json.loads(r["payload"], parse_float=Decimal)
            found[r["alert_type"], r["unit_id"], r["effective_date"]] = (
                r["severity"], r["delivery"], r["owner_user_id"], cents(r["at_stake_amount"]),
                said["accounts_count"], said["single_threaded_count"], said["without_owner_count"],
                cents(said["ttm_profit_amount"]), [o["owner_user_id"] for o in said["owners"]],
                [a["account_id"] for a in said["accounts"]],
            )  # fmt: skip
    if problem := difference(expected, found):
        yield problem


CHECKS = (turnover_is_recomputed, departures_are_told)
