"""What the built marts must agree with before anybody sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from keyaccounts.quality import marts_sql as sql
from keyaccounts.quality.collections_sql import credit_sales
from keyaccounts.quality.model import ROWS, VALUES, Expectation, Measure, Suite, between, unexpected

MANY = 100
FEW = 10
CENT = 0.01
GROWING = (
    "accounts", "account_tiers", "account_tier_history", "receivables_aging",
    "receivables_reconciliation", "payment_behaviour", "channel_collections", "collection_metrics",
    "account_profitability",
    "revenue_movements", "retention_summary", "cohort_retention",
    "owner_receivables", "cash_control", "credit_exposure",
    "tier_transitions", "account_value", "pareto",
)  # fmt: skip
GROWS = "mart in ('" + "', '".join(GROWING) + "')"
REBUILD = "Nothing is published; look at the models that changed since the last publication"


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
        Measure("revenue", sql.revenue(built.unique), ("account_tiers",)),
        Measure("list_sales", sql.list_sales(built.unique), ("account_profitability",)),
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
    return Suite("marts", tuple(measures), (*_totals(), *_guards(), *_sizes(accept_hint)))


def _if_any(name: str, statement: str) -> Iterable[Measure]:
    return [Measure(name, statement)] if statement else []


def _totals() -> tuple[Expectation, ...]:
    return (
        Expectation(
            "revenue_equals_landed_lines",
            "revenue",
            "Revenue of the tiers is that of the landed lines",
            ROWS,
            unexpected(
                "'account_tiers has ' || mart_amount || ' at ' || month_end || ', the lines have ' "
                "|| landed_amount",
                f"(abs(difference) <= {CENT}) is not true",
            ),
            blocks=True,
            reason="lost or doubled documents move every tier",
            action=REBUILD,
        ),
        Expectation(
            "list_sales_equal_landed_lines",
            "list_sales",
            "Sales at list price are those of the landed lines, where all of them have one",
            ROWS,
            unexpected(
                "'account_profitability has ' || mart_amount || ' at list, the lines have ' "
                "|| landed_amount",
                f"(abs(difference) <= {CENT}) is not true",
            ),
            blocks=True,
            reason="a wrong list price turns growth into growth that was bought, and back",
            action=REBUILD,
        ),
        Expectation(
            "receivables_equal_documents",
            "receivables",
            "Open items in base currency are invoices less applications",
            ROWS,
            unexpected(
                "'receivables_open_items has ' || mart_amount || ', the documents have ' "
                "|| documents_amount",
                f"(abs(difference) <= {CENT}) is not true",
            ),
            blocks=True,
            reason="a customer would be dunned for what is paid, or not for what is due",
            action=REBUILD,
        ),
        Expectation(
            "base_currency_is_not_converted",
            "receivables",
            "Open items in base currency have one amount",
            VALUES,
            between("converted_count", high=0),
            blocks=True,
            reason="a rate other than 1 for the base currency falsifies all amounts",
            action="Look for the base currency in erp_exchange_rates, and at base_currency",
        ),
        Expectation(
            "receipts_equal_landed_payments",
            "receipts",
            "Watched receipts of the twelve months are the landed payments",
            ROWS,
            unexpected(
                "'cash_control has ' || mart_amount || ', the payments have ' || landed_amount",
                f"(abs(difference) <= {CENT}) is not true",
            ),
            blocks=True,
            reason="a receipt that nobody watches is what the mart is there to find",
            action=REBUILD,
        ),
        Expectation(
            "credit_sales_equal_landed_documents",
            "credit_sales",
            "Credit sales of the newest period are the landed documents not due at once",
            ROWS,
            unexpected(
                "'collection_metrics has ' || mart_amount || ' at ' || as_of_date || "
                "', the documents have ' || landed_amount",
                f"(abs(difference) <= {CENT}) is not true",
            ),
            blocks=True,
            reason="days of sales of sales that were not counted are too many, and look like drag",
            action=REBUILD,
        ),
        Expectation(
            "every_account_is_there_once",
            "identity",
            "The mart of accounts has the landed accounts known at D",
            ROWS,
            unexpected(
                "'accounts has ' || accounts_count || ' rows, landed are ' || landed_count",
                "accounts_count <> landed_count",
            ),
            blocks=True,
            reason="an account that is missing is missing in every list",
            action=REBUILD,
        ),
        Expectation(
            "units_are_roots",
            "identity",
            "There are as many tier units as external roots",
            ROWS,
            unexpected(
                "units_count || ' units, ' || roots_count || ' roots'", "units_count <> roots_count"
            ),
            blocks=True,
            reason="a unit without a root is tiered under no name, a root too many splits a group",
            action="Look at parents, merges and tax ids that changed. " + REBUILD,
        ),
        Expectation(
            "every_debtor_is_judged",
            "verdicts",
            "Each external account of the aging has its payment behaviour",
            ROWS,
            unexpected(
                "'payment_behaviour has ' || accounts_count || ' accounts, the aging has ' "
                "|| debtors_count",
                "accounts_count <> debtors_count",
            ),
            blocks=True,
            reason="who is missing is never found to be a payment trap, or twice",
            action=REBUILD,
        ),
        Expectation(
            "traps_are_the_exception",
            "verdicts",
            "At most half of the accounts are payment traps",
            ROWS,
            unexpected(
                "traps_count || ' of ' || judged_count || ' accounts are payment traps'",
                f"judged_count >= {FEW} and traps_count * 2 > judged_count",
            ),
            blocks=False,
            reason="it may be so, but payments that arrive late look the same",
            action="Look at the newest payment applications, and at the payment rules",
        ),
        Expectation(
            "one_measure_per_month_end",
            "month_ends",
            "One measure ranks all units of a month-end",
            VALUES,
            between("measures_count", 1, 1),
            blocks=True,
            reason="profit and revenue in one ranking favour the units without cost",
            action=REBUILD,
        ),
    )


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
