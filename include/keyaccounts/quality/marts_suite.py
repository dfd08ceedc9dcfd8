"""What the built marts must agree with before anybody sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from keyaccounts.quality import marts_sql as sql
from keyaccounts.quality.collections_sql import credit_sales
from keyaccounts.quality.marts_totals import REBUILD, totals
from keyaccounts.quality.model import ROWS, Expectation, Measure, Suite, unexpected
from keyaccounts.quality.revenue_sql import list_sales, revenue

MANY = 100
GROWING = (
    "accounts", "account_tiers", "account_tier_history", "receivables_aging",
    "receivables_reconciliation", "payment_behaviour", "channel_collections", "collection_metrics",
    "account_profitability",
    "revenue_movements", "retention_summary", "cohort_retention", "customer_lifecycle",
    "owner_receivables", "cash_control", "credit_exposure",
    "tier_transitions", "account_value", "pareto",
    "concentration", "forecast_accuracy", "seasonality",
)  # fmt: skip
GROWS = "mart in ('" + "', '".join(GROWING) + "')"


@dataclass(frozen=True)
class Built:
    """What the suite needs to know of the warehouse."""

    marts: tuple[str, ...]
    dates: tuple[tuple[str, str], ...]
    """Date columns of all marts, as (mart, column)."""
    texts: tuple[tuple[str, str], ...]
    """Text columns of the marts for BI, as (mart, column)."""
    unique: tuple[str, ...]
    """Entities whose key stands once."""


def marts_suite(built: Built, before: dict[str, int], accept_hint: str) -> Suite:
    """Return the suite; `before` holds the rows of the current publication, or is empty."""
    measures = [
        Measure("revenue", revenue(built.unique), ("account_tiers",)),
        Measure("list_sales", list_sales(built.unique), ("account_profitability",)),
        Measure("receivables", sql.RECEIVABLES, ("receivables_open_items",)),
        Measure("receipts", sql.receipts(built.unique), ("cash_control",)),
        Measure("credit_sales", credit_sales(built.unique), ("collection_metrics",)),
        Measure("identity", sql.IDENTITY, ("accounts",)),
        Measure("month_ends", sql.MONTH_ENDS, ("account_tiers",)),
        Measure("verdicts", sql.VERDICTS, ("payment_behaviour", "receivables_aging")),
        *_if_any("dates", sql.dates(built.dates)),
        *_if_any("addresses", sql.emails(built.texts) if built.texts else ""),
        *_if_any("sizes", sql.sizes(before, built.marts)),
    ]
    return Suite("marts", tuple(measures), (*totals(), *_guards(), *_sizes(accept_hint)))


def _if_any(name: str, statement: str) -> Iterable[Measure]:
    return [Measure(name, statement)] if statement else []


def _guards() -> tuple[Expectation, ...]:
    return (
        Expectation(
            "nothing_is_dated_ahead",
            "dates",
            "No mart holds a date after the as-of date",
            ROWS,
            unexpected(
                "mart || '.' || column_name || ' has ' || ahead_count || ' rows up to ' || newest",
                "ahead_count > 0",
            ),
            blocks=True,
            reason="a figure that knows the future cannot be rebuilt, and alerts would run ahead",
            action=REBUILD,
        ),
        Expectation(
            "no_address_of_a_person",
            "addresses",
            "No address of our people or of a contact is in a mart for BI",
            ROWS,
            unexpected(
                "mart || '.' || column_name || ' has ' || known_count || ' addresses'",
                "known_count > 0",
            ),
            blocks=True,
            reason="personal data cannot be called back once it is published",
            action="Nothing is published; take the column out of the mart, or clean the source",
        ),
        Expectation(
            "no_unknown_address",
            "addresses",
            "No text that looks like an e-mail address is in a mart for BI",
            ROWS,
            unexpected(
                "mart || '.' || column_name || ' has ' || other_count || ' addresses'",
                "other_count > 0",
            ),
            blocks=False,
            reason="an id or the name of a company may look like an address",
            action="Look at the column; use ids that are no addresses",
        ),
    )


def _sizes(accept_hint: str) -> tuple[Expectation, ...]:
    found = "mart || ' has ' || rows_now || ' rows, published are ' || rows_before"
    halved = f"(rows_before >= {MANY} and rows_now * 2 < rows_before)"
    return (
        Expectation(
            "history_does_not_shrink",
            "sizes",
            "Marts that only grow are not empty and lost at most half their rows",
            ROWS,
            unexpected(found, f"{GROWS} and ((rows_before > 0 and rows_now = 0) or {halved})"),
            blocks=True,
            reason="history that was published yesterday is gone",
            action=f"Look at the loads and the models that changed. {accept_hint}",
        ),
        Expectation(
            "lists_do_not_shrink",
            "sizes",
            "Other marts lost at most half their rows",
            ROWS,
            unexpected(found, f"not {GROWS} and {halved}"),
            blocks=False,
            reason="open items get paid and events get restated, but rarely half of them",
            action="Look whether it is so",
        ),
    )
