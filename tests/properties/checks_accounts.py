"""Properties of `accounts` and of the alerts that repeat an event (I38)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

from tests.properties.basics import add_months, month_end
from tests.properties.crowd import Case, cents, difference

OWED = ("gross_open_amount", "overdue_amount", "overdue_90_plus_amount")
ALERTS = {"drop", "watch", "lapsed", "rise", "reactivated"}


def accounts_are_recomputed(case: Case) -> Iterator[str]:
    """Identity, tier, revenue and purchases of every account on the as-of date."""
    books = case.books
    identity = books.identity(books.end)
    # At a month-end the twelve complete months, else (D - 12 months, D] (ruling 3).
    start = add_months(books.end, -12)
    start = month_end(start) if month_end(books.end) == books.end else start
    last = books.months[-1] if books.months and books.months[-1] <= books.end else None
    ratings = case.ratings.get(last, {}) if last else {}
    year: dict[str, int] = {}
    life: dict[str, int] = {}
    for line in books.lines:
        life[line.account] = life.get(line.account, 0) + line.net
        if line.day > start:
            year[line.account] = year.get(line.account, 0) + line.net
    expected = {}
    for account in books.versions:
        days, unit = books.purchases.get(account), identity.unit[account]
        rating = None if account in identity.internal else ratings.get(unit)
        expected[account] = (
            identity.customer[account], unit, account in identity.internal,
            rating.tier if rating else None, year.get(account, 0), life.get(account, 0),
            days[0] if days else None, days[-1] if days else None,
        )  # fmt: skip
    found = {
        r["account_id"]: (
            r["customer_key"], r["tier_unit_id"], r["is_internal"], r["tier"],
            cents(r["ttm_net_revenue_amount"]), cents(r["lifetime_net_revenue_amount"]),
            r["first_purchase_date"], r["last_purchase_date"],
        )
        for r in case.mart("accounts")
    }  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def accounts_repeat_their_receivables(case: Case) -> Iterator[str]:
    """What an account owes today is what the aging says of today."""
    aging = {r["account_id"]: r for r in case.mart("receivables_aging") if r["is_latest"]}
    for r in case.mart("accounts"):
        row = aging.get(r["account_id"])
        gross = row["gross_open_amount"] if row else Decimal(0)
        overdue = row["overdue_amount"] if row else Decimal(0)
        unapplied = row["unapplied_cash_amount"] + row["unapplied_credit_amount"] if row else 0
        if not case.has_receivables:
            gross = overdue = unapplied = None
        found = tuple(r[c] for c in ("gross_receivables_amount", "overdue_amount",
                                     "unapplied_amount"))  # fmt: skip
        if found != (gross, overdue, unapplied):
            yield f"{r['account_id']}: {found}, the aging says {(gross, overdue, unapplied)}"


def alerts_repeat_their_event(case: Case) -> Iterator[str]:
    """I38: every alert of a tier event has its figures, and every such event its alert."""
    events = {f"tier_{r['event_key']}": r for r in case.mart("tier_events")
              if r["event_type"] in ALERTS}  # fmt: skip
    alerts = {r["event_key"]: r for r in case.mart("alert_events")
              if r["source_mart"] == "tier_events"}  # fmt: skip
    if set(events) != set(alerts):
        yield f"events and alerts differ: {sorted(set(events) ^ set(alerts))[:3]}"
        return
    # What the unit owes today, in the words of today's identity.
    unit_of = {r["account_id"]: r["tier_unit_id"] for r in case.mart("accounts")}
    external = {r["account_id"] for r in case.mart("accounts") if not r["is_internal"]}
    money: dict[str, dict[str, Decimal]] = {}
    for r in case.mart("receivables_aging"):
        if r["is_latest"] and r["account_id"] in external:
            owed = money.setdefault(unit_of[r["account_id"]], dict.fromkeys(OWED, Decimal(0)))
            for column in OWED:
                owed[column] += r[column]
    pace: dict[str, list[float]] = {}
    for r in case.mart("payment_behaviour"):
        if r["is_latest"] and r["account_id"] in external and r["over_terms_days"] is not None:
            pace.setdefault(unit_of[r["account_id"]], []).append(float(r["over_terms_days"]))
    threads = {r["account_id"]: r["is_single_threaded"] for r in case.mart("accounts")}
    lost: dict[str, dict[str, Decimal]] = {}
    for r in case.mart("tier_drop_products"):
        if r["lost_product_amount"] < 0:
            families = lost.setdefault(r["event_key"], {})
            families[r["product_family"]] = r["lost_product_amount"]
    for key, event in events.items():
        alert, payload = alerts[key], json.loads(alerts[key]["payload"])
        for column in ("severity", "base_severity", "cause", "owner_user_id", "effective_date"):
            if alert[column] != event[column]:
                yield f"{key}: {column} {alert[column]}, the event says {event[column]}"
        for column in ("profit_current_amount", "profit_prior_amount", "own_profit_change_amount",
                       "profit_to_regain_amount", "threshold_change_amount"):  # fmt: skip
            said = payload[column]
            if (None if said is None else Decimal(str(said)).quantize(Decimal("0.01"))) != event[
                column
            ]:
                yield f"{key}: payload {column} {said}, the event says {event[column]}"
        stake = event["own_profit_change_amount"]
        stake = event["profit_current_amount"] if stake is None else stake
        if alert["at_stake_amount"] != abs(stake):
            yield f"{key}: at stake {alert['at_stake_amount']}, expected {abs(stake)}"
        for column, amount in money.get(unit_of.get(event["tier_unit_id"]), {}).items():
            if (payload[column] or 0) != float(amount):
                yield f"{key}: payload {column} {payload[column]}, the aging says {amount}"
        unit = unit_of.get(event["tier_unit_id"])
        if payload["over_terms_days"] != max(pace.get(unit, ()), default=None):
            yield f"{key}: payload says {payload['over_terms_days']} days over terms, not {pace}"
        if payload["is_single_threaded"] != threads.get(event["tier_unit_id"]):
            yield f"{key}: payload says single threaded {payload['is_single_threaded']}"
        told = {
            p["product_family"]: Decimal(str(p["change_amount"]))
            for p in payload["lost_products"] or []
        }
        if told != lost.get(event["event_key"], {}):
            yield f"{key}: lost families {told}, the event says {lost.get(event['event_key'])}"
        drivers = sum(Decimal(str(d["amount"])) for d in payload["drivers"] or [])
        change = event["own_profit_change_amount"]
        if (
            event["event_type"] in {"drop", "lapsed", "watch"}
            and change is not None
            and drivers != change
        ):
            yield f"{key}: its drivers sum to {drivers}, the change is {change}"


def bi_reads_its_own_alerts(case: Case) -> Iterator[str]:
    """Ruling 26: account_alerts holds the events for BI and account teams, unchanged."""
    own = [r for r in case.mart("alert_events") if r["audience"] in {"bi", "account_team"}]
    said = sorted((r["event_key"], r["payload"], r["severity"]) for r in own)
    if said != sorted(
        (r["event_key"], r["payload"], r["severity"]) for r in case.mart("account_alerts")
    ):
        yield "account_alerts differs from alert_events"
    keys = [r["event_key"] for r in case.mart("alert_events")]
    if len(keys) != len(set(keys)):
        yield "an event key stands twice"


CHECKS = (
    accounts_are_recomputed, accounts_repeat_their_receivables, alerts_repeat_their_event,
    bi_reads_its_own_alerts,
)  # fmt: skip
