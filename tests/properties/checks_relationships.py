"""Relationships: every stage and figure recomputed, and the invariants I33 to I35."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from tests.properties.basics import business_day
from tests.properties.checks_contacts import is_active
from tests.properties.checks_profiles import compared
from tests.properties.crowd import Case, difference
from tests.properties.relationships import AUTOMATIC, SEVEN, Talk
from tests.properties.tiers import ratio

TIES = (
    "rated_contacts_count", "owner_ratings_count", "other_ratings_count", "tied_pairs_count",
    "tense_pairs_count",
)  # fmt: skip
NOT_COVERAGE = {"as_of_date", "account_id", *TIES}


def stages_are_recomputed(case: Case) -> Iterator[str]:
    """What `relationship_stages` says of each account on each day (I34 and I35 by construction)."""
    known, expected = case.relationships, {}
    for (day, account), s in known.standings.items():
        claimed = case.books.at(account, day)["claimed_relationship_stage"]
        rating = s.rating if s.stage and s.rating else None
        expected[day, account] = (
            case.books.identity(day).unit[account], s.stage, claimed,
            None if claimed is None else claimed - s.stage, len(s.theirs),
            ratio(Fraction(len(s.theirs), 7)), len(s.ours), s.edges, len(s.by_contact), s.users,
            len(s.talks), ratio(s.top), any(t.is_executive for t in s.talks), s.has_joint,
            s.has_alliance, s.is_single, s.rating, f"{s.stage}x{rating}" if rating else None,
            known.wallet_change(account, day), s.unknown,
        )  # fmt: skip
    columns = (
        "tier_unit_id", "evidenced_stage", "claimed_stage", "stage_gap",
        "customer_departments_count", "department_coverage_ratio", "own_departments_count",
        "department_edges_count", "active_contacts_count", "active_own_users_count",
        "activities_count", "top_contact_ratio", "has_exec_to_exec", "has_joint_evidence",
        "has_alliance_evidence", "is_single_threaded", "interpersonal_stage", "matrix_cell",
        "wallet_share_change_ratio", "unknown_department_contacts_count",
    )  # fmt: skip
    found = {
        (r["as_of_date"], r["account_id"]): tuple(r[c] for c in columns)
        for r in case.mart("relationship_stages")
    }
    if problem := difference(expected, found):
        yield problem


def stages_are_held_until_lost(case: Case) -> Iterator[str]:
    """A stage is confirmed at once and lost by month-ends alone."""
    accounts = {account for _, account in case.relationships.standings}
    expected = {
        (day, account): (stage, streak)
        for account in accounts
        for day, stage, streak in case.relationships.confirmed(account)
    }
    found = {
        (r["as_of_date"], r["account_id"]): (r["confirmed_stage"], r["stage_down_streak_count"])
        for r in case.mart("relationship_stages")
    }
    if problem := difference(expected, found):
        yield problem


def stages_follow_their_talks(case: Case) -> Iterator[str]:
    """I33: one talk more never lowers a stage; days without one never raise it."""
    known, end = case.relationships, case.books.end
    latest = {r["account_id"]: r["evidenced_stage"]
              for r in case.mart("relationship_stages") if r["is_latest"]}  # fmt: skip
    for account, stage in latest.items():
        more = known.standing(account, end)
        more.talks.append(Talk(account, end, "new", "executive", "new", "executive"))
        fresh = type(more)(more.talks, more.has_order, more.has_joint, more.has_alliance, None,
                           more.rules)  # fmt: skip
        if fresh.stage < stage:
            yield f"{account}: stage {stage}, with a talk more {fresh.stage}"
        aged = known.standing(account, end + timedelta(days=20))
        facts = ("has_order", "has_joint", "has_alliance", "rules")
        is_same = all(getattr(aged, fact) == getattr(more, fact) for fact in facts)
        # A rating or an event that comes within these days is no silence.
        is_same = is_same and aged.rating in {None, more.rating}
        if aged.stage > stage and is_same:
            yield f"{account}: stage {stage}, twenty days later {aged.stage}"


def accounts_carry_their_relationship(case: Case) -> Iterator[str]:
    """Stage, threads, executives and reciprocity of an account as of the as-of date."""
    known, books, end = case.relationships, case.books, case.books.end
    since = end - timedelta(days=int(books.rule("relationship_rules", end)["window_days"]))
    expected = {}
    for account in books.versions:
        s = known.standings.get((end, account))
        met = [t.day for t in known.talks.get(account, []) if t.is_executive]
        ways = [
            r.get("direction") for r in case.inputs.rows.get("crm_activities", [])
            if r["account_id"] == account and since < business_day(r["activity_at"]) <= end
            and (r.get("channel") or "").lower() not in AUTOMATIC
        ]  # fmt: skip
        told = ways.count("inbound") + ways.count("outbound")
        expected[account] = (
            s and s.stage, bool(s and s.is_single), (end - max(met)).days if met else None,
            ratio(Fraction(ways.count("inbound"), told)) if told else None,
        )  # fmt: skip
    yield from compared(
        case, expected, "evidenced_stage", "is_single_threaded", "since_executive_contact_days",
        "reciprocity_ratio",
    )  # fmt: skip


def coverage_is_recomputed(case: Case) -> Iterator[str]:
    """What `contact_coverage` says of each external account as of the as-of date."""
    known, books, end, rows = case.relationships, case.books, case.books.end, case.inputs.rows
    expected: dict[str, tuple[object, ...]] = {}
    has_activities, has_teams = "crm_activities" in rows, "crm_account_team" in rows
    since = end - timedelta(days=int(books.rule("relationship_rules", end)["window_days"]))
    rules = {k: v for k, v in books.rule("contact_rules", end).items() if k != "valid_from"}
    limit = {k: int(v) for k, v in rules.items()}
    greeted = _greeted(case)
    said = {r["account_id"]: r for r in case.mart("accounts") if not r["is_internal"]}
    users = {r["user_id"]: r for r in rows.get("crm_users", [])}
    for account, told in said.items() if "crm_contacts" in rows else ():
        on_file = [r for r in rows["crm_contacts"]
                   if r["account_id"] == account and r["is_active"] in {None, True}]  # fmt: skip
        talks = [t for t in known.talks.get(account, []) if since < t.day]
        active = [r for r in on_file if r["contact_id"] in {t.contact for t in talks}]
        covered = {r["department"] for r in active} & SEVEN
        roles = {r.get("role") for r in on_file}
        departments = {r["department"] for r in on_file}
        influence = [r for r in on_file if r.get("actual_influence") is not None]
        strong = [r for r in influence if r["actual_influence"] >= limit["minimum_influence"]]
        levels = [r["actual_influence"] - r["formal_level"] for r in influence
                  if r.get("formal_level") is not None]  # fmt: skip
        feelings = [r["sentiment"] for r in on_file if r.get("sentiment") is not None]
        supporters = sum(n >= limit["minimum_sentiment"] for n in feelings)
        leaders = told["since_executive_contact_days"]
        key = case.books.identity(end).customer[account]
        team = [r for r in rows.get("crm_account_team", [])
                if r["account_id"] == account and r["valid_from"] <= end
                and (r["valid_to"] is None or r["valid_to"] > end)]  # fmt: skip
        ours = len({t.ours for t in talks if t.ours})
        overdue = told["overdue_amount"]
        count = len(on_file)
        expected[account] = (
            told["tier_unit_id"], count, len(active) if has_activities else None,
            ("|".join(sorted(covered)) or None) if has_activities else None,
            ("|".join(sorted(SEVEN - covered)) or None) if has_activities else None,
            "finance" in departments, "purchasing" in departments, "technical" in departments,
            "executive" in departments, "coach" in roles, "decision_maker" in roles,
            "sponsor" in roles, "champion" in roles,
            ratio(Fraction(len(roles & {"sponsor", "decision_maker", "champion"})
                           + (count >= limit["complete_contacts"]), 4)),
            sum(n >= limit["hidden_power_gap"] for n in levels) if levels else None,
            len(strong) if influence else None,
            ratio(Fraction(sum(r in active for r in strong), len(strong)))
            if strong and has_activities else None,
            supporters if feelings else None,
            bool(feelings) and supporters >= limit["minimum_supporters"],
            told["since_two_way_contact_days"], told["contact_limit_days"], leaders,
            has_activities and told["tier"] == "A" and key == account
            and (leaders is None or leaders > limit["executive_contact_days"]),
            told["reciprocity_ratio"],
            ratio(Fraction(sum(r["contact_id"] in greeted for r in on_file), count))
            if count and has_activities and greeted is not None else None,
            ours if has_activities else None, ours >= limit["minimum_own_departments"],
            overdue if "finance" not in departments else overdue and overdue * 0,
            ratio(Fraction(sum(r.get("role") is not None for r in on_file), count))
            if count else None,
            ratio(Fraction(sum(r["department"] is not None for r in on_file), count))
            if count else None,
            is_active(users.get(books.at(account, end).get("executive_sponsor_user_id")), end),
            len({r["user_id"] for r in team}) if has_teams else None,
            len({users.get(r["user_id"], {}).get("department") for r in team} - {None})
            if has_teams else None,
        )  # fmt: skip
    found = {
        r["account_id"]: tuple(v for c, v in r.items() if c not in NOT_COVERAGE)
        for r in case.mart("contact_coverage")
    }
    if problem := difference(expected, found):
        yield problem


def raters_and_ties_are_counted(case: Case) -> Iterator[str]:
    """P9, P15: whose ratings of people on file count, and who of them is for or against whom."""
    books, rows, end = case.books, case.inputs.rows, case.books.end
    people = {r["contact_id"]: r for r in rows.get("crm_contacts", [])
              if r["is_active"] in {None, True}}  # fmt: skip
    days = int(books.rule("relationship_rules", end)["rating_days"])
    views: dict[frozenset[str], set[int]] = defaultdict(set)
    for r in rows.get("crm_contact_links", []):
        pair = frozenset((r["from_contact_id"], r["to_contact_id"]))
        if len(pair) == 2 and pair <= set(people):
            views[pair].add(r["polarity"])
    expected: dict[str, tuple[object, ...]] = {}
    for r in case.mart("contact_coverage"):
        account, raters = r["account_id"], []
        for person in people.values():
            on = person["interpersonal_rated_on"]
            is_rated = person["interpersonal_rating"] is not None and on is not None
            if person["account_id"] == account and is_rated and 0 <= (end - on).days <= days:
                owner, rater = (
                    books.at(account, on)["owner_user_id"],
                    person.get("interpersonal_rated_by_user_id"),
                )
                raters.append(None if rater is None else rater == owner)
        known = [is_owner for is_owner in raters if is_owner is not None]
        here = [v for pair, v in views.items()
                if account in {people[p]["account_id"] for p in pair}]  # fmt: skip
        has_ties = "crm_contact_links" in rows
        expected[account] = (
            len(raters), sum(known) if known else None,
            len(known) - sum(known) if known else None,
            sum(1 in v and -1 not in v for v in here) if has_ties else None,
            sum(-1 in v for v in here) if has_ties else None,
        )  # fmt: skip
    found = {r["account_id"]: tuple(r[c] for c in TIES) for r in case.mart("contact_coverage")}
    if problem := difference(expected, found):
        yield problem


def _greeted(case: Case) -> set[str] | None:
    """Return who got a courtesy in the last festival window; None where none has begun."""
    windows = [
        (date.fromisoformat(r["from_date"]), date.fromisoformat(r["to_date"]))
        for r in case.inputs.rules["festival_windows"]
        if date.fromisoformat(r["from_date"]) <= case.books.end
    ]
    if not windows:
        return None
    first, last = max(windows)
    return {
        r.get("contact_id") for r in case.inputs.rows.get("crm_activities", [])
        if r.get("purpose") == "courtesy"
        and first <= business_day(r["activity_at"]) <= min(last, case.books.end)
        and (r.get("channel") or "").lower() not in AUTOMATIC
    }  # fmt: skip


CHECKS = (
    coverage_is_recomputed, stages_are_recomputed, stages_are_held_until_lost,
    raters_and_ties_are_counted,
    stages_follow_their_talks, accounts_carry_their_relationship,
)  # fmt: skip
