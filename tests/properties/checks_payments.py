"""Properties of how accounts and channels pay (R1 to R4, I13), and of payment trap alerts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from statistics import median

from tests.properties.basics import half_away, month_end
from tests.properties.crowd import Case, cents, difference
from tests.properties.harness import Row
from tests.properties.payments import Facts
from tests.properties.tiers import ratio


def _facts(case: Case, day: date) -> dict[str, Facts]:
    """Return the accounts of a day; the sales of a D inside a month are those of `accounts`."""
    sales: dict[str, tuple[int, int | None]] = {}
    if day != month_end(day):
        months = [m for m in case.books.months if m < day]
        has_cost = bool(months) and case.windows.measure(months[-1]).has_cost
        sales = {
            r["account_id"]: (
                int(r["ttm_net_revenue_amount"] * 100),
                cents(r["ttm_profit_amount"]) if has_cost else None,
            )
            for r in case.mart("accounts")
        }
    return case.payments.at(day, sales)


def _days(value: Fraction | None) -> Decimal | None:
    if value is None:
        return None
    return Decimal(half_away(value.numerator * 100, value.denominator)) / 100


def _micro(value: Fraction) -> Fraction:
    return Fraction(half_away(value.numerator * 10**6, value.denominator), 10**6)


def payments_are_recomputed(case: Case) -> Iterator[str]:
    """R1, R4: every account on every day, from the documents, a balance for each single day."""
    rows: dict[date, dict[str, Row]] = defaultdict(dict)
    for r in case.mart("payment_behaviour"):
        rows[r["as_of_date"]][r["account_id"]] = r
    if not case.has_receivables:
        if rows or case.mart("channel_collections"):
            yield "rows without delivered applications"
        return
    for day in case.payments.days:
        facts = _facts(case, day)
        expected = {a: _figures(case, day, a, facts) for a in facts}
        found = {a: tuple(r[c] for c in COLUMNS) for a, r in rows[day].items()}
        if problem := difference(expected, found):
            yield f"{day}: {problem}"
            return


COLUMNS = (
    "channel", "terms_days", "measured_invoices_count", "collection_cycle_days",
    "weighted_late_days", "peer_median_cycle_days", "average_gross_amount",
    "financing_cost_amount", "oldest_open_overdue_days", "contribution_margin_ratio",
    "financing_cost_ratio", "break_even_cycle_days", "financing_cost_year_amount",
    "payment_trap_status", "reasons", "is_month_end", "is_latest",
)  # fmt: skip


def _figures(case: Case, day: date, account: str, facts: dict[str, Facts]) -> tuple:
    f, k = facts[account], case.payments.rule("cost_of_capital", day)
    margin = Fraction(f.profit, f.net) if f.net > 0 and f.profit is not None else None
    reasons = [
        word
        for word, holds in (
            ("slow_vs_terms_and_peers", f.is_slow),
            ("margin_below_financing_cost", f.is_below),
            ("insufficient_history", f.status == "insufficient_history"),
        )
        if holds
    ]
    # The mart compares peers with six decimals.
    peers = [
        _micro(o.cycle)
        for a, o in facts.items()
        if a != account and o.channel == f.channel and o.cycle is not None
    ]
    return (
        f.channel, f.terms, f.invoices, _days(f.cycle),
        None if f.cycle is None else _days(Fraction(f.days_late, f.measured)),
        None if f.peer_median is None else _days(median(peers)),
        Decimal(f.average) / 100, Decimal(f.cost) / 100, f.oldest, ratio(margin),
        None if f.cycle is None else ratio(k * f.cycle / 365),
        _days(365 * margin / k) if margin is not None else None,
        None if f.cycle is None else _days(k * f.cycle / 365 * f.net / 100),
        f.status, "|".join(reasons) or None, day == month_end(day), day == case.books.end,
    )  # fmt: skip


def channels_are_recomputed(case: Case) -> Iterator[str]:
    """R2, R3, I9, I13: a channel is the sum of its accounts, whoever of them has a cycle."""
    if not case.has_receivables:
        return
    found: dict[date, dict[str, tuple]] = defaultdict(dict)
    for r in case.mart("channel_collections"):
        found[r["month_end"]][r["channel"]] = tuple(
            v for c, v in r.items() if c not in {"month_end", "channel"}
        )
    for day in case.books.months:
        members: dict[str, list[Facts]] = defaultdict(list)
        for f in _facts(case, day).values():
            members[f.channel].append(f)
        expected = _ranked({c: _channel(case, day, fs) for c, fs in members.items()})
        if problem := difference(expected, found[day]):
            yield f"{day}: {problem}"
            return


def _channel(case: Case, day: date, members: list[Facts]) -> list:
    k = case.payments.rule("cost_of_capital", day)
    net, gross = sum(f.net for f in members), sum(f.gross for f in members)
    profit = None if members[0].profit is None else sum(f.profit or 0 for f in members)
    measured = sum(f.measured for f in members)
    average = sum(f.average for f in members)
    cycle = Fraction(sum(f.days_to_pay for f in members), measured) if measured else None
    margin = ratio(Fraction(profit, net)) if profit is not None and net > 0 else None
    after = None
    if margin is not None and cycle is not None:
        after = margin - (ratio(k * cycle / 365) or Decimal(0))
    return [
        sum(f.has_lines or f.gross > 0 for f in members), Decimal(net) / 100,
        None if profit is None else Decimal(profit) / 100, margin, Decimal(gross) / 100,
        _days(cycle), Decimal(measured) / 100, Decimal(average) / 100,
        Decimal(sum(f.cost for f in members)) / 100,
        ratio(Fraction(profit, average)) if profit is not None and average > 0 else None, after,
    ]  # fmt: skip


def _ranked(channels: dict[str, list]) -> dict[str, tuple]:
    def rank(place: int, value: Decimal | None) -> int | None:
        others = [row[place] for row in channels.values() if row[place] is not None]
        return None if value is None else 1 + sum(o > value for o in others)

    return {
        c: (*row, rank(10, row[10]), rank(9, row[9])) for c, row in channels.items()
    }  # fmt: skip


def financing_adds_up(case: Case) -> Iterator[str]:
    """I13: what the accounts of a channel pay for waiting is what the channel pays."""
    accounts: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
    for r in case.mart("payment_behaviour"):
        if r["is_month_end"]:
            accounts[r["as_of_date"], r["channel"]] += r["financing_cost_amount"]
    channels = {
        (r["month_end"], r["channel"]): r["financing_cost_amount"]
        for r in case.mart("channel_collections")
    }
    if problem := difference(accounts, channels):
        yield problem


def payment_trap_alerts_are_recomputed(case: Case) -> Iterator[str]:
    """I38: an alert for each turn between verdicts, with the figures of that month-end."""
    if not case.has_receivables:
        return
    expected, state = {}, defaultdict(lambda: "no_trap")
    for day in case.books.months:
        for account, f in _facts(case, day).items():
            if f.status in {state[account], "insufficient_history"}:
                continue
            unit = case.books.identity(day).unit[account]
            rating = case.ratings.get(day, {}).get(unit)
            is_a = rating is not None and rating.tier == "A"
            severity = ("high" if is_a else "medium") if f.status == "trap" else "info"
            kind = "enter" if f.status == "trap" else "exit"
            expected[f"payment_trap_{kind}|{account}|{state[account]}|{f.status}|{day}"] = (
                severity, severity, "immediate" if severity == "high" else "digest",
                Decimal(f.average) / 100, case.books.at(account, day)["owner_user_id"],
                float(_days(f.cycle) or 0), f.terms,
            )  # fmt: skip
            state[account] = f.status
    found = {}
    for r in case.mart("alert_events"):
        if r["source_mart"] == "payment_behaviour":
            told = json.loads(r["payload"])
            found[r["event_key"]] = (
                r["severity"], r["base_severity"], r["delivery"], r["at_stake_amount"],
                r["owner_user_id"], told["collection_cycle_days"], told["terms_days"],
            )  # fmt: skip
    if problem := difference(expected, found):
        yield problem


def accounts_repeat_their_verdict(case: Case) -> Iterator[str]:
    """Who has no row of the day has too short a history."""
    verdicts = {
        r["account_id"]: r["payment_trap_status"]
        for r in case.mart("payment_behaviour")
        if r["is_latest"]
    }
    for r in case.mart("accounts"):
        expected = verdicts.get(r["account_id"], "insufficient_history")
        if r["payment_trap_status"] != expected:
            yield f"{r['account_id']}: {r['payment_trap_status']}, expected {expected}"


CHECKS = (
    payments_are_recomputed, channels_are_recomputed, financing_adds_up,
    payment_trap_alerts_are_recomputed, accounts_repeat_their_verdict,
)  # fmt: skip
