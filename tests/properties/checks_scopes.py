"""The bridge by scope, and what a row of a tier or a movement says beside its figures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.properties.basics import add_months, half_away, month_end
from tests.properties.crowd import Case, cents, difference
from tests.properties.harness import Row
from tests.properties.retention import customers, first_purchases, is_legacy
from tests.properties.tiers import Rating, ratio

BANDS = ((12, "0-1"), (24, "1-2"), (36, "2-3"), (60, "3-5"))


def movements_carry_their_customer(case: Case) -> Iterator[str]:
    """A movement names channel, owner, tier at the start, legacy mark and a chosen exit."""
    for row in case.mart("revenue_movements"):
        day, customer = row["month_end"], row["customer_key"]
        r = case.books.at(customer, day)
        members, first = _customer(case, customer, day)
        unit = case.books.identity(day).unit[members[0]]
        rating = case.ratings.get(row["opening_to"], {}).get(unit)
        is_yearly = row["comparison"] == "year_over_year"
        month = day.replace(day=1)
        expected = (
            r["channel"] or "unknown", r["owner_user_id"], rating.tier if rating else None,
            is_legacy(case.books, members, first),
            row["movement"] == "churn" and r["exit_type"] == "voluntary_by_us",
            add_months(month, -23 if is_yearly else -1),
            add_months(month, -11) if is_yearly else month,
            month_end(add_months(month, -12 if is_yearly else -1)),
        )  # fmt: skip
        found = tuple(row[c] for c in ("channel", "owner_user_id", "tier", "is_legacy",
                                       "is_voluntary_exit", "opening_from", "closing_from",
                                       "opening_to"))  # fmt: skip
        if expected != found:
            yield f"{day} {customer}: expected {expected}, found {found}"


def _customer(case: Case, customer: str, day: date) -> tuple[list[str], date | None]:
    members = customers(case.books, case.books.identity(day))[customer]
    return members, first_purchases(case.books, {customer: members}).get(customer)


def scopes_are_recomputed(case: Case) -> Iterator[str]:
    """I9: counts and ratios of every scope, from the movements of its customers."""
    scopes = _by_scope(case)
    columns = (
        "opening_amount", "closing_amount", "opening_customers_count", "new_customers_count",
        "won_back_customers_count", "churned_customers_count", "voluntary_exits_count",
        "logo_retention_ratio", "quick_ratio", "leak_ratio", "leak_by_count_ratio",
    )  # fmt: skip
    found = {
        (r["month_end"], r["comparison"], r["measure"], r["scope_type"], r["scope_id"]): tuple(
            r[c] for c in columns
        )
        for r in case.mart("retention_summary")
    }
    expected = {key: _scope(rows, key[3]) for key, rows in scopes.items()}
    # A scope with nothing but credits has no movement, and a row of zeros.
    zeros = _scope([], "company")
    if problem := difference({**dict.fromkeys(found, zeros), **expected}, found):
        yield problem


def _by_scope(case: Case) -> dict[tuple, list[Row]]:
    """Return the movements of every row of the summary."""
    scopes: dict[tuple, list[Row]] = defaultdict(list)
    for row in case.mart("revenue_movements"):
        r = case.books.at(row["customer_key"], row["month_end"])
        ids = {
            "company": "company", "channel": row["channel"], "region": r["region"] or "unknown",
            "tier": row["tier"] or "none", "owner": row["owner_user_id"] or "none",
            "tenure_band": _band(case, row),
        }  # fmt: skip
        for scope in ids.items():
            scopes[row["month_end"], row["comparison"], row["measure"], *scope].append(row)
    return scopes


def selling_costs_are_recomputed(case: Case) -> Iterator[str]:
    """N6: visits and calls to who is new or was won back, and what one of them took."""
    scopes = _by_scope(case)
    for r in case.mart("retention_summary"):
        day = r["month_end"]
        key = (day, r["comparison"], r["measure"], r["scope_type"], r["scope_id"])
        months = -11 if r["comparison"] == "year_over_year" else 0
        start, members = add_months(day.replace(day=1), months), customers_of(case, day)
        for kind in ("new", "won_back"):
            names = [x["customer_key"] for x in scopes.get(key, []) if x["movement"] == kind]
            cost = case.windows.service.selling(
                [a for name in names for a in members[name]], start, day
            )
            expected = (cost, half_away(cost, len(names)) if names and cost is not None else None)
            found = tuple(cents(r[c]) for c in (
                f"selling_cost_{kind}_amount", f"cost_per_{kind}_customer_amount"))  # fmt: skip
            if found != expected:
                yield f"{key} {kind}: expected {expected}, found {found}"


def customers_of(case: Case, day: date) -> dict[str, list[str]]:
    """Return the accounts of each customer on a day."""
    return customers(case.books, case.books.identity(day))


def _band(case: Case, row: Row) -> str:
    _, first = _customer(case, row["customer_key"], row["month_end"])
    if first is None:
        return "unknown"
    return next(
        (name for months, name in BANDS if add_months(first, months) > row["month_end"]), "5+"
    )


def _scope(rows: list[Row], scope: str) -> tuple:
    kinds = Counter(r["movement"] for r in rows)
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for r in rows:
        amounts[r["movement"]] += r["movement_amount"]
    chosen = sum(r["is_voluntary_exit"] for r in rows)
    opened = sum(r["opening_amount"] > 0 for r in rows)
    kept = sum(r["opening_amount"] > 0 and r["closing_amount"] > 0 for r in rows)
    # An exit that we chose does not count against its owner.
    churned = kinds["churn"] - (chosen if scope == "owner" else 0)
    grown = amounts["new"] + amounts["won_back"] + amounts["expansion"]
    shrunk = -(amounts["contraction"] + amounts["churn"])
    return (
        sum((r["opening_amount"] for r in rows), Decimal(0)),
        sum((r["closing_amount"] for r in rows), Decimal(0)),
        opened, kinds["new"], kinds["won_back"], churned, 0 if scope == "owner" else chosen,
        _quotient(kept, opened), _quotient(grown, shrunk), _quotient(shrunk, grown),
        _quotient(churned, kinds["new"] + kinds["won_back"]),
    )  # fmt: skip


def _quotient(a: Decimal | int, b: Decimal | int) -> Decimal | None:
    return ratio(Fraction(a) / Fraction(b)) if b else None


def tiers_carry_their_unit(case: Case) -> Iterator[str]:
    """The tier inside the channel, the triage of C, the rules, the coverage of costs."""
    for day, units in case.ratings.items():
        rules = case.books.rule("tier_config", day)
        a, b = Fraction(rules["threshold_a"]), Fraction(rules["threshold_b"])
        channels: dict[str, list[Rating]] = defaultdict(list)
        for unit, r in units.items():
            if r.count:
                channels[case.books.at(unit, day)["channel"] or "unknown"].append(r)
        for row in case.mart("account_tiers"):
            if row["month_end"] != day or row["tier_unit_id"] not in units:
                continue
            r = units[row["tier_unit_id"]]
            peers = channels[case.books.at(r.unit, day)["channel"] or "unknown"]
            total = sum(p.profit for p in peers if p.profit > 0)
            above = sum(p.profit for p in peers if p.profit > max(r.profit, 0))
            own = "C" if r.profit <= 0 or above >= b * total else "A" if above < a * total else "B"
            expected = (
                own if r.status == "RATED" else r.status, _triage(case, r, day),
                date.fromisoformat(rules["valid_from"]), _coverage(case, r, day),
            )  # fmt: skip
            found = tuple(row[c] for c in ("tier_in_channel", "triage", "tier_config_valid_from",
                                           "cost_coverage_ratio"))  # fmt: skip
            if expected != found:
                yield f"{day} {r.unit}: expected {expected}, found {found}"


def _triage(case: Case, r: Rating, day: date) -> str | None:
    if r.tier != "C":
        return None
    could_be = case.candidates.at[day].get(r.unit)
    if could_be and could_be.is_candidate:
        return "grow"
    if r.profit >= 0:
        return "serve_cheap"
    before = case.ratings.get(day.replace(day=1) - timedelta(days=1), {}).get(r.unit)
    was_loss = before is not None and before.profit < 0
    identity = case.books.identity(day)
    has_reference = any(
        case.books.is_reference(account, day)
        for account, unit in identity.unit.items()
        if unit == r.unit and account not in identity.internal
    )
    return "review_exit" if was_loss and not has_reference else "watch_loss"


def _coverage(case: Case, r: Rating, day: date) -> Decimal | None:
    identity, at_day = case.books.identity(day), case.windows.at(day)
    members = [
        w for a, w in at_day.items()
        if identity.unit[a] == r.unit and a not in identity.internal
    ]  # fmt: skip
    return _quotient(sum(w.known_size for w in members), sum(w.size for w in members))


def drivers_are_ranked(case: Case) -> Iterator[str]:
    """The biggest negative drivers first, equal ones alike; all of them are there."""
    events: dict[str, list[Row]] = defaultdict(list)
    for r in case.mart("tier_drop_drivers"):
        events[r["event_key"]].append(r)
    sold = {r["event_key"] for r in case.mart("tier_drop_products")}
    for key, rows in events.items():
        measure = case.windows.measure(rows[0]["effective_date"]).name
        # Who sold nothing in either window was only served.
        count = 7 * (key in sold) + (measure == "contribution_profit")
        if len({r["driver"] for r in rows}) != count:
            yield f"{key}: {sorted(r['driver'] for r in rows)}"
        for r in rows:
            amount = r["driver_amount"]
            rank = 1 + sum(o["driver_amount"] < amount for o in rows) if amount < 0 else None
            if r["negative_rank"] != rank:
                yield f"{key} {r['driver']}: rank {r['negative_rank']}, expected {rank}"


CHECKS = (
    movements_carry_their_customer, scopes_are_recomputed, selling_costs_are_recomputed,
    tiers_carry_their_unit, drivers_are_ranked,
)  # fmt: skip
