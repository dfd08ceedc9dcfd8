"""Totals of the marts at the exit, against totals that came another way."""

from __future__ import annotations

from keyaccounts.quality.model import ROWS, VALUES, Expectation, between, unexpected

FEW = 10
CENT = 0.01
REBUILD = "Nothing is published; look at the models that changed since the last publication"


def totals() -> tuple[Expectation, ...]:
    """Return what each total must agree with."""
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
