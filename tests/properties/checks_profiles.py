"""What `accounts` says beside identity, tier and money, recomputed from the rows (`marts.yml`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from tests.properties.basics import add_months, month_end, month_number
from tests.properties.crowd import Case, cents, difference
from tests.properties.retention import customers, first_purchases, is_legacy
from tests.properties.tiers import ratio


def compared(case: Case, expected: dict[str, tuple], *columns: str) -> Iterator[str]:
    """Compare columns of every account."""
    found = {r["account_id"]: tuple(r[c] for c in columns) for r in case.mart("accounts")}
    if problem := difference(expected, found):
        yield f"{columns}: {problem}"


def year_start(case: Case) -> date:
    """Return the day before the twelve months to the as-of date (ruling 3)."""
    start = add_months(case.books.end, -12)
    return month_end(start) if month_end(case.books.end) == case.books.end else start


def basis_and_subtype_are_recomputed(case: Case) -> Iterator[str]:
    """Why an account is a key account, and what kind it is (T8, T9)."""
    books, end = case.books, case.books.end
    identity, expected = books.identity(end), {}
    last = books.months[-1] if books.months else None
    ratings = case.ratings.get(last, {}) if last else {}
    bought: dict[str, set[int]] = defaultdict(set)
    for account, unit in identity.unit.items():
        for day in books.purchases.get(account, []):
            age = month_number(end) - month_number(day)
            if age < 24:
                bought[unit].add(age // 3)
    starts = {r["tier_unit_id"]: r["valid_from"]
              for r in case.mart("account_tier_history") if r["is_current"]}  # fmt: skip
    for account in books.versions:
        r, is_internal = books.at(account, end), account in identity.internal
        rating = None if is_internal else ratings.get(identity.unit[account])
        basis = ["reference"] * books.is_reference(account, end)
        standing = case.relationships.standings.get((end, account))
        basis += ["strategic"] * bool(standing and standing.stage == 5)
        basis += ["volume"] * bool(rating and rating.tier == "A")
        subtype = "other"
        if rating and rating.is_one_off_bulk:
            subtype = "one_off_bulk"
        elif len(bought[identity.unit[account]]) == 8:
            subtype = "long_term"
        elif r["channel"] == "dealer":
            subtype = "dealer"
        expected[account] = (
            "|".join(basis) or None, bool(basis), subtype, bool(rating and rating.is_at_risk),
            identity.unit[account] == account,
            (r["merged_into_account_id"] in books.versions
            and r["merged_into_account_id"] != account)
            or (r["merged_into_account_id"] or account) != account,
            None if is_internal else starts.get(identity.unit[account]),
        )  # fmt: skip
    yield from compared(
        case, expected, "key_account_basis", "is_key_account", "account_subtype", "is_at_risk",
        "is_tier_unit", "is_merged_away", "tier_since_date",
    )  # fmt: skip


def breadth_and_sites_are_recomputed(case: Case) -> Iterator[str]:
    """Families bought, sites of the group, share of wallet, completed orders, manual coverage."""
    books, end, rows = case.books, case.books.end, case.inputs.rows
    identity, start = books.identity(end), year_start(case)
    rules = books.rule("candidate_config", end)
    families: dict[str, set[str]] = defaultdict(set)
    revenue: dict[str, int] = defaultdict(int)
    for line in books.lines:
        if line.day > start:
            if line.account not in identity.internal:
                revenue[identity.customer[line.account]] += line.net
            if line.is_invoice and line.net > 0 and line.family != "unknown":
                families[line.account].add(line.family)
    industries: dict[str | None, set[str]] = defaultdict(set)
    for account, bought in families.items():
        industries[books.at(account, end)["industry_code"]] |= bought
    company = sum(max(v, 0) for v in revenue.values())
    buying = {
        identity.customer[a] for a, days in books.purchases.items() if days and days[-1] > start
    }
    expected = {}
    for account in books.versions:
        r, sites = books.at(account, end), _sites(case, account)
        sold = industries.get(r["industry_code"]) if r["industry_code"] else None
        breadth = len(families[account])
        share = _wallet_share(case, identity.customer[account], revenue)
        own = Fraction(revenue[identity.customer[account]],
                       company) if company else None  # fmt: skip
        asymmetry = None
        if share is not None and own is not None:
            asymmetry = ratio(share) - ratio(own)
        expected[account] = (
            breadth if "erp_products" in rows else None,
            ratio(Fraction(breadth, len(sold))) if sold else None,
            len(sites), len(sites & buying),
            None if share is None else ratio(share), asymmetry,
            "not_assessed" if share is None
            else "exclusive" if share >= Fraction(rules["exclusive_wallet_share"]) else "shared",
            sum(o["account_id"] == account and o["status"] == "completed" and o["order_date"] <= end
                for o in rows["erp_orders"]) if "erp_orders" in rows else None,
        )  # fmt: skip
    yield from compared(
        case, expected, "breadth_count", "breadth_ratio", "sites_count", "buying_sites_count",
        "wallet_share_ratio", "dependency_asymmetry_ratio", "exclusivity", "lifetime_orders_count",
    )  # fmt: skip


def _sites(case: Case, account: str) -> set[str]:
    """Return the golden records of a group, or of an account and its direct children."""
    books, end = case.books, case.books.end
    identity = books.identity(end)
    if identity.unit[account] == account:
        return {identity.customer[a] for a, u in identity.unit.items() if u == account}
    if identity.customer[account] != account:
        return {account}
    children = {
        c for c in set(identity.customer.values())
        if books.at(c, end)["parent_account_id"] == account
    }  # fmt: skip
    return {account} | children


def _wallet_share(case: Case, customer: str, revenue: dict[str, int]) -> Fraction | None:
    r, end = case.books.at(customer, case.books.end), case.books.end
    wallet = r["wallet_amount"]
    if not wallet or not case.books.is_fresh(r["wallet_as_of_date"], "wallet_months", end):
        return None
    return Fraction(revenue[customer], int(wallet * 100))


def lifetimes_are_recomputed(case: Case) -> Iterator[str]:
    """Profit in a year and in all, legacy marks, manual coverage, imputed due dates."""
    books, end, rows = case.books, case.books.end, case.inputs.rows
    identity = books.identity(end)
    rating_days = int(books.rule("relationship_rules", end)["rating_days"])
    members = customers(books, identity)
    firsts = first_purchases(books, members)
    profit: dict[str, int] = defaultdict(int)
    unknown: set[str] = set()
    for line in books.lines:
        profit[line.account] += line.net - (line.cost or 0)
        # A line of nothing needs no cost.
        if line.cost is None and line.net:
            unknown.add(line.account)
    imputed = {r["account_id"] for r in case.mart("receivables_open_items")
               if r["is_due_date_imputed"]}  # fmt: skip
    expected = {}
    for account in books.versions:
        customer, r = identity.customer[account], books.at(account, end)
        has_lines = account in profit
        inputs = (
            r["influence_score"] is not None
            and books.is_fresh(r["influence_rated_on"], "influence_months", end),
            r["wallet_amount"] is not None
            and books.is_fresh(r["wallet_as_of_date"], "wallet_months", end),
            *_manual_contacts(rows, account, end, rating_days),
            any(e["account_id"] == account and e["start_date"] <= end
                and (e["end_date"] is None or e["end_date"] >= end)
                for e in rows.get("crm_relationship_evidence", [])),
        )  # fmt: skip
        expected[account] = (
            profit[account] if has_lines and account not in unknown else None,
            customer in members and is_legacy(books, members[customer], firsts.get(customer)),
            account in imputed, ratio(Fraction(sum(inputs), 5)),
        )  # fmt: skip
    found = {
        r["account_id"]: (
            cents(r["lifetime_profit_amount"]), r["is_left_censored"],
            r["has_imputed_due_dates"], r["coverage_ratio"],
        )
        for r in case.mart("accounts")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def _manual_contacts(rows: dict, account: str, end: date, days: int) -> tuple[bool, bool]:
    own = [r for r in rows.get("crm_contacts", [])
           if r["account_id"] == account and r["is_active"] in {None, True}]  # fmt: skip
    return (
        any(r["department"] is not None for r in own),
        any(r["interpersonal_rating"] is not None and r["interpersonal_rated_on"] is not None
            and end - timedelta(days=days) <= r["interpersonal_rated_on"] <= end for r in own),
    )  # fmt: skip


CHECKS = (
    basis_and_subtype_are_recomputed, breadth_and_sites_are_recomputed,
    lifetimes_are_recomputed,
)  # fmt: skip
