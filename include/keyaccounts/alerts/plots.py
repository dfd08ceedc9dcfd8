"""The small plots of an alert: how its account came here, month-end by month-end.

A plot holds figures and lines but no words: whoever draws it needs no font of the reader's
language. The words stand around it in the mail.
"""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts.alerts.formats import in_currency, money
from keyaccounts.alerts.model import Candidate
from keyaccounts.texts import Texts

MONTH_ENDS = 25
"""The last two years, and what they are compared with."""
FEWEST = 3
"""Fewer points show no course."""
BUSINESS = frozenset({
    "tier_drop", "tier_watch", "tier_lapsed", "tier_rise", "tier_reactivated", "churn_state_enter",
    "won_back", "bought_growth", "candidate_enter", "candidate_exit",
})  # fmt: skip
RECEIVABLES = frozenset({
    "payment_trap_enter", "payment_trap_exit", "overdue_90_enter", "credit_watch", "credit_hold",
    "promise_broken",
})  # fmt: skip
QUERIES = {
    "business": """
        select accounts.account_id, course.month_end,
            course.ttm_net_revenue_amount as revenue, course.ttm_profit_amount as profit
        from marts.account_tiers as course
        inner join marts.accounts on accounts.tier_unit_id = course.tier_unit_id
        where accounts.account_id in (select unnest($1::varchar[]))
        order by account_id, month_end""",
    "receivables": """
        select account_id, as_of_date as month_end,
            current_amount as due, overdue_amount as overdue
        from marts.receivables_aging
        where is_month_end and account_id in (select unnest($1::varchar[]))
        order by account_id, month_end""",
}
"""What a plot shows of accounts; money in base currency."""

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Plot:
    """One plot as a mail shows it."""

    legend: tuple[tuple[str, str], ...]
    """Colour and name of each line, in their order."""
    title: str
    alt: str
    image: bytes
    """PNG."""

    @cached_property
    def address(self) -> str:
        """The image as an address; a mail gets it as a part of its own."""
        return f"data:image/png;base64,{b64encode(self.image).decode()}"


def draw_plots(
    folder: Path | None, events: Iterable[Candidate], currency: str, texts: Texts
) -> dict[str, Plot]:
    """Return the plots of events by their keys; an event whose account has no course has none.

    `folder` is that of the published version. Raises duckdb.Error when it cannot be read.
    """
    shown = [(kind, event) for event in events if event.account_id and (kind := kind_of(event))]
    if folder is None or not shown:
        return {}
    courses = {
        kind: _courses(folder, kind, {e.account_id for k, e in shown if k == kind and e.account_id})
        for kind in QUERIES
    }
    drawn: dict[tuple[str, str], Plot | None] = {}
    found = {}
    for kind, event in shown:
        account = str(event.account_id)
        if (kind, account) not in drawn:
            drawn[kind, account] = _plot(kind, courses[kind].get(account, []), currency, texts)
        plot = drawn[kind, account]
        if plot is not None:
            found[event.event_key] = plot
    return found


def kind_of(event: Candidate) -> str:
    """Return what the plot of an event shows: `business`, `receivables` or nothing."""
    if event.alert_type in BUSINESS:
        return "business"
    return "receivables" if event.alert_type in RECEIVABLES else ""


def _courses(folder: Path, kind: str, accounts: set[str]) -> Mapping[str, Rows]:
    found: dict[str, Rows] = defaultdict(list)
    if not accounts:
        return found
    with duckdb.connect(str(folder / "keyaccounts.duckdb"), read_only=True) as bi:
        result = bi.execute(QUERIES[kind], [sorted(accounts)])
        names = [column[0] for column in result.description]
        for values in result.fetchall():
            row = dict(zip(names, values, strict=True))
            found[row.pop("account_id")].append(row)
    return found


def _plot(kind: str, rows: Sequence[dict[str, Any]], currency: str, texts: Texts) -> Plot | None:
    from keyaccounts.reports import charts

    rows = rows[-MONTH_ENDS:]
    columns = [name for name in rows[0] if name != "month_end"] if rows else []
    known = {
        name: [(row["month_end"], row[name]) for row in rows if row[name] is not None]
        for name in columns
    }
    known = {name: course for name, course in known.items() if any(value for _, value in course)}
    if not known or max(map(len, known.values())) < FEWEST:
        return None
    names = {name: texts.word("course", name) for name in known}
    title = texts.word("course_title", kind).format(
        currency=texts.word("currency", currency, fallback=currency)
    )

    def moved(name: str) -> str:
        (first, start), (last, end) = known[name][0], known[name][-1]
        amounts = {"start": start, "end": end}
        said = {key: in_currency(money(value), currency, texts) for key, value in amounts.items()}
        return texts("course.moved", name=names[name], first=first, last=last, **said)

    return Plot(
        legend=tuple(zip(charts.COLOURS, names.values(), strict=False)),
        title=title,
        alt=texts("course.alt", title=title, moved=texts.joined(map(moved, known), "semicolon")),
        image=charts.small(rows, list(known), is_stacked=kind == "receivables"),
    )
