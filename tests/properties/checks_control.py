"""Properties of the marts for finance control, of credit exposure, and of their alerts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from statistics import median
from typing import Any

from tests.properties.basics import half_away, month_end, to_cents
from tests.properties.control import RULES, share, year_before
from tests.properties.crowd import Case, cents, difference


def _rounded(value: Fraction | None, places: int = 6) -> int | None:
    return None if value is None else half_away(value.numerator * 10**places, value.denominator)


def _found(value: Any, places: int = 6) -> int | None:
    return None if value is None else int(value * 10**places)


def _words(*words: tuple[str, bool]) -> str | None:
    return "|".join(word for word, holds in words if holds) or None


def _days(case: Case) -> list[date]:
    return sorted({*case.books.months, case.books.end})


def owners_are_recomputed(case: Case) -> Iterator[str]:
    """I9, semantics 3.7: every owner on every day described, against all others, in fractions."""
    if not case.has_receivables:
        if case.mart("owner_receivables"):
            yield "rows without delivered applications"
        return
    found = {
        (r["as_of_date"], r["owner_user_id"]): (
            r["accounts_count"], cents(r["gross_open_amount"]), _found(r["overdue_ratio"]),
            _found(r["expected_overdue_ratio"]), _found(r["drag_ratio"]),
            _found(r["benchmark_coverage_ratio"]), cents(r["unapplied_over_30d_amount"]),
            _found(r["unapplied_over_30d_ratio"]), r["is_review_needed"], r["reasons"],
        )
        for r in case.mart("owner_receivables")
    }  # fmt: skip
    expected = {}
    for day in _days(case):
        expected |= {(day, owner): row for owner, row in _owners(case, day).items()}
    # Nothing open and nothing unapplied is no row.
    empty = (0, 0, None, None, None, None, 0)
    expected = {k: v for k, v in expected.items() if v[:7] != empty or k in found}
    if problem := difference(expected, found):
        yield problem


def _owners(case: Case, day: date) -> dict[str, tuple[Any, ...]]:
    internal = case.books.identity(day).internal
    unapplied = case.receipts.unapplied(day)
    sums: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0, 0, 0]))
    for account, position in case.ledger.positions(day).items():
        if account in internal:
            continue
        version = case.books.at(account, day)
        gross = sum(i.open for i in position.items)
        late = sum(i.open for i in position.items if i.bucket != "current")
        old = case.receipts.old(unapplied[account])[0]
        part = sums[version["owner_user_id"] or "none"][version["channel"] or "unknown"]
        for place, amount in enumerate((gross > 0, gross, late, old)):
            part[place] += amount
    return {owner: _owner(sums, owner) for owner in sums}


def _owner(sums: dict[str, dict[str, list[int]]], owner: str) -> tuple[Any, ...]:
    expected, compared = Fraction(0), 0
    for channel, (_, gross, late, _) in sums[owner].items():
        peers = [s[channel] for other, s in sums.items() if other != owner and channel in s]
        peer_gross = sum(p[1] for p in peers)
        expected += Fraction(gross * sum(p[2] for p in peers), peer_gross) if peer_gross else late
        compared += gross if peer_gross else 0
    count, gross, late, old = (sum(s[n] for s in sums[owner].values()) for n in range(4))
    is_enough = count >= int(RULES["minimum_accounts"])
    is_large = gross >= Fraction(RULES["minimum_gross_amount"]) * 100
    drag = Fraction(late - expected) / gross if compared else None
    is_dragging = drag is not None and drag >= share("overdue_excess")
    is_unapplied = old > 0 and old >= gross * share("unapplied_share")
    is_judged = is_enough and is_large
    return (
        count, gross, _rounded(Fraction(late, gross) if gross else None),
        _rounded(expected / gross if compared else None), _rounded(drag),
        _rounded(Fraction(compared, gross) if gross else None), old,
        _rounded(Fraction(old, gross) if gross else None),
        is_judged and (is_dragging or is_unapplied),
        _words(("overdue_above_peers", is_judged and is_dragging),
               ("cash_received_not_applied", is_judged and is_unapplied),
               ("insufficient_accounts", not is_enough), ("insufficient_gross", not is_large)),
    )  # fmt: skip


def handovers_are_recomputed(case: Case) -> Iterator[str]:
    """Semantics 3.7: how the cycle of accounts changed after another owner took them over."""
    if not case.has_receivables:
        return
    expected = {}
    for day in _days(case):
        steps = case.receipts.handovers(day)
        expected |= {(day, owner): _rounded(Fraction(median(s)), 2) for owner, s in steps.items()}
    found = {
        (r["as_of_date"], r["owner_user_id"]): _found(r["cycle_step_after_handover_days"], 2)
        for r in case.mart("owner_receivables")
    }
    expected = {key: step for key, step in expected.items() if key in found}
    found = {key: step for key, step in found.items() if step is not None}
    if problem := difference(expected, found):
        yield problem


def cash_is_recomputed(case: Case) -> Iterator[str]:
    """R6: the signals of every account on every day described, receipt by receipt."""
    rows = case.mart("cash_control")
    if not case.has_receivables or "erp_payments" not in case.inputs.rows:
        if rows:
            yield "rows without delivered receipts"
        return
    found = {
        (r["as_of_date"], r["account_id"]): (
            cents(r["unapplied_over_30d_amount"]), r["oldest_unapplied_days"],
            _found(r["application_lag_days"], 2), r["receipts_count"], cents(r["receipts_amount"]),
            _found(r["third_party_payer_ratio"]), _found(r["cash_method_ratio"]),
            _found(r["out_of_order_ratio"]), _found(r["cross_account_ratio"]),
            r["reversed_receipts_count"], cents(r["confirmation_difference_amount"]),
            r["owner_user_id"], r["reasons"], r["is_review_needed"],
        )
        for r in rows
    }  # fmt: skip
    expected = {}
    for day in _days(case):
        unapplied = case.receipts.unapplied(day)
        for account, position in case.ledger.positions(day).items():
            gross = sum(i.open for i in position.items)
            old = case.receipts.old(unapplied[account])
            expected[(day, account)] = _cash(case, account, day, gross, old)
    if problem := difference(expected, found):
        yield problem


def _cash(
    case: Case, account: str, day: date, gross: int, old: tuple[int, int | None]
) -> tuple[Any, ...]:
    s = case.receipts.signals(account, day)
    least = int(RULES["minimum_count"])
    paid, many = s["applications"] >= least, s["count"] >= least
    confirmed, ledger = _confirmed(case, account, day)
    is_other = bool(confirmed) and abs(confirmed) >= abs(ledger) * share("confirmation_share")
    reasons = _words(
        ("unapplied_over_30d", old[0] > 0 and 0 < gross * share("unapplied_share") <= old[0]),
        ("slow_application", s["lags"] >= least and s["lag"] > int(RULES["lag_days"])),
        ("third_party_payer",
         many and s["third"] is not None and s["third"] >= share("third_party_share")),
        ("cash_method", many and s["cash"] is not None and s["cash"] >= share("cash_share")),
        ("out_of_order", paid and s["order"] >= share("out_of_order_share")),
        ("cross_account", paid and s["cross"] >= share("cross_account_share")),
        ("confirmation_difference", is_other),
    )  # fmt: skip
    return (
        old[0], old[1], _rounded(s["lag"], 2), s["count"], s["amount"], _rounded(s["third"]),
        _rounded(s["cash"]), _rounded(s["order"]), _rounded(s["cross"]), s["reversed"], confirmed,
        case.books.at(account, day)["owner_user_id"], reasons, reasons is not None,
    )  # fmt: skip


def _confirmed(case: Case, account: str, day: date) -> tuple[int | None, int]:
    """Return how the newest balance confirmed in twelve months differs, and the ledger then."""
    rows = [
        r for r in case.inputs.rows.get("erp_balance_confirmations", [])
        if r["account_id"] == account and year_before(day) < r["confirmation_date"] <= day
    ]  # fmt: skip
    if not rows:
        return None, 0
    last = max(rows, key=lambda r: r["confirmation_date"])
    positions = case.ledger.positions(last["confirmation_date"])
    ledger = positions[account].booked if account in positions else 0
    return to_cents(last["confirmed_amount"]) - ledger, ledger


def exposures_are_recomputed(case: Case) -> Iterator[str]:
    """R8: receivables, deliveries and orders against the limit, order by order."""
    rows = case.mart("credit_exposure")
    if not case.has_receivables:
        if rows:
            yield "rows without delivered applications"
        return
    found = {
        (r["as_of_date"], r["account_id"]): (
            cents(r["gross_open_amount"]), cents(r["shipped_not_invoiced_amount"]),
            cents(r["open_orders_amount"]), cents(r["exposure_amount"]), r["credit_status"],
            cents(r["credit_limit_amount"]), cents(r["headroom_amount"]),
            _found(r["utilisation_ratio"]), r["is_tax_estimated"], r["terms_days"],
        )
        for r in rows
    }  # fmt: skip
    expected = {}
    for day in _days(case):
        positions = case.ledger.positions(day)
        ordering = {
            a for side in (case.credit.periods, case.credit.taxed) for a, p in side.items()
            if any(f <= day for _, f, *_ in p)
        }  # fmt: skip
        for account in {*positions, *ordering}:
            version = case.books.at(account, day)
            gross = sum(i.open for i in positions[account].items) if account in positions else 0
            shipped = case.credit.ordered(account, day, "shipped")
            open_ = case.credit.ordered(account, day, "open")
            exposure, limit = gross + shipped + open_, cents(version.get("credit_limit_amount"))
            expected[(day, account)] = (
                gross, shipped, open_, exposure, case.credit.status(account, exposure, day), limit,
                None if limit is None else limit - exposure,
                _rounded(Fraction(exposure, limit)) if limit else None,
                case.credit.is_estimated(account, day),
                version["payment_terms_days"],
            )  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def credit_alerts_are_recomputed(case: Case) -> Iterator[str]:
    """I38, I40: an alert for each day on which an account went on hold, or near its limit."""
    found = {
        (r["account_id"], r["from_value"], r["to_value"], r["effective_date"]): r["alert_type"]
        for r in case.mart("alert_events")
        if r["alert_type"] in {"credit_watch", "credit_hold"}
    }
    expected = {}
    if case.has_receivables:
        expected = {key: f"credit_{key[2]}" for key in case.credit.entries()}
    if problem := difference(expected, found):
        yield problem


def reviews_are_told_once(case: Case) -> Iterator[str]:
    """I38: the first month-end of each run with a review is an alert for finance control."""
    found = {
        (r["alert_type"], r["unit_id"], r["effective_date"]): (r["audience"], r["severity"])
        for r in case.mart("alert_events")
        if r["alert_type"] in {"owner_drag_review", "cash_control_review"}
    }
    runs: dict[tuple[str, str], dict[date, str]] = defaultdict(dict)
    for r in case.mart("owner_receivables"):
        if r["is_month_end"] and r["is_review_needed"]:
            runs["owner_drag_review", r["owner_user_id"]][r["as_of_date"]] = r["reasons"]
    for r in case.mart("cash_control"):
        internal = case.books.identity(r["as_of_date"]).internal
        if r["is_month_end"] and r["is_review_needed"] and r["account_id"] not in internal:
            runs["cash_control_review", r["account_id"]][r["as_of_date"]] = r["reasons"]
    expected = {}
    for (kind, unit), days in runs.items():
        for day, reasons in days.items():
            if day.replace(day=1) - timedelta(days=1) not in days and day == month_end(day):
                is_high = kind == "cash_control_review" or "cash_received" in reasons
                severity = "high" if is_high else "medium"
                expected[(kind, unit, day)] = ("finance_control", severity)
    if problem := difference(expected, found):
        yield problem
    for r in case.mart("account_alerts"):
        if r["alert_type"].endswith("_review") or r["audience"] == "finance_control":
            yield f"{r['event_key']} is in account_alerts"


def accounts_repeat_their_credit(case: Case) -> Iterator[str]:
    """The status of an account is that of its exposure on the as-of date."""
    status = {r["account_id"]: r["credit_status"] for r in case.mart("credit_exposure")
              if r["is_latest"]}  # fmt: skip
    for r in case.mart("accounts"):
        limit = case.books.at(r["account_id"], case.books.end).get("credit_limit_amount")
        unknown = "ok" if case.has_receivables and limit is not None else "no_limit"
        if r["credit_status"] != status.get(r["account_id"], unknown):
            yield f"{r['account_id']}: {r['credit_status']}"


CHECKS = (
    owners_are_recomputed, handovers_are_recomputed, cash_is_recomputed, exposures_are_recomputed,
    credit_alerts_are_recomputed, reviews_are_told_once, accounts_repeat_their_credit,
)  # fmt: skip
