"""What the landed rows must look like where the contract cannot say it."""

from __future__ import annotations

from keyaccounts.quality.model import (
    ROWS,
    VALUES,
    Expectation,
    Measure,
    Suite,
    between,
    unexpected,
)

FEW = 20
"""Below so many rows a share says nothing."""
MANY = 100
"""From so many rows on, losing half of them overnight is no accident of a small company."""

DATED = {
    "erp_orders": "order_date",
    "erp_invoices": "invoice_date",
    "erp_payments": "received_date",
    "erp_payment_applications": "applied_date",
}
WITH_CURRENCY = (
    "crm_accounts", "crm_opportunities", "erp_orders", "erp_invoices", "erp_payments",
    "erp_exchange_rates",
)  # fmt: skip

# A day is far off a year after both the day of the run and the day of its newest load: a back-fill
# sees the documents that came after its day, and they are no mistake.
DATES = " union all ".join(
    f"""
    select '{entity}' as entity, count(*) as rows_count,
        count(*) filter ({day} > last_day + 365) as far_count, max({day}) as farthest
    from {entity} cross join run
    """
    for entity, day in DATED.items()
)
CURRENCIES = " union all ".join(
    f"""
    select '{entity}' as entity, currency_code, count(*) as rows_count from {entity}
    where currency_code is not null group by currency_code
    """
    for entity in WITH_CURRENCY
)
DOCUMENTS = f"""
    with net as (
        select invoice_id, sum(net_amount) as net_amount from erp_invoice_lines group by invoice_id
    ),
    documents as (
        select i.invoice_date, i.gross_amount, n.net_amount
        from erp_invoices as i left join net as n on n.invoice_id = i.invoice_id
        where coalesce(i.status, 'posted') = 'posted'
    ),
    counted as (
        select
            count(*) as documents_count,
            count(*) filter (net_amount is null) as bare_count,
            count(*) filter (net_amount <> 0) as valued_count,
            count(*) filter (
                net_amount <> 0 and (gross_amount / net_amount between 0.5 and 2) is not true
            ) as odd_count,
            max(invoice_date) filter (invoice_date <= as_of_date) as newest_date,
            any_value(as_of_date) as as_of_date
        from documents cross join run
    )
    select
        documents_count,
        as_of_date - newest_date as newest_invoice_age_days,
        case when documents_count >= {FEW} then round(bare_count / documents_count, 4) end
            as without_lines_ratio,
        case when valued_count >= {FEW} then round(odd_count / valued_count, 4) end
            as implausible_gross_ratio
    from counted
"""
OWNERS = f"""
    select
        count(*) as accounts_count,
        case when count(*) >= {FEW} and count(owner_user_id) > 0
            then round(1 - count(owner_user_id) / count(*), 4) end as without_owner_ratio
    from crm_accounts where is_internal is not true and merged_into_account_id is null
"""
APPLICATIONS = """
    select (select count(*) from erp_payments) as payments_count,
        (select count(*) from erp_payment_applications) as applications_count
"""


def landing_suite(loads_sql: str, accept_hint: str) -> Suite:
    """Return the suite; `loads_sql` gives the live rows of each entity, now and when published."""
    return Suite("landing", _measures(loads_sql), (*_volume(accept_hint), *_content()))


def _measures(loads_sql: str) -> tuple[Measure, ...]:
    return (
        Measure("loads", loads_sql),
        Measure("documents", DOCUMENTS, ("erp_invoices", "erp_invoice_lines")),
        Measure("dates", DATES),
        Measure("currencies", CURRENCIES),
        Measure("owners", OWNERS, ("crm_accounts",)),
        Measure("applications", APPLICATIONS, ("erp_payments", "erp_payment_applications")),
    )


def _volume(accept_hint: str) -> tuple[Expectation, ...]:
    return (
        Expectation(
            "required_entities_have_rows",
            "loads",
            "Accounts, invoices and invoice lines have rows",
            ROWS,
            unexpected(
                "entity || ' has no live row in load ' || load_number",
                "is_required and rows_now = 0",
            ),
            blocks=True,
            reason="without them every mart would be published empty",
            action="Deliver the entity in full and run again",
        ),
        Expectation(
            "no_entity_is_emptied",
            "loads",
            "No entity lost all its rows since the publication",
            ROWS,
            unexpected(
                "entity || ' has no live row in load ' || load_number || ', load ' || load_before "
                "|| ' had ' || rows_before",
                "rows_before > 0 and rows_now = 0 and not is_required",
            ),
            blocks=True,
            reason="a full load without rows says that all of it was deleted at the source",
            action=f"Look why the source came empty and deliver again. {accept_hint}",
        ),
        Expectation(
            "no_entity_is_halved",
            "loads",
            "No entity lost more than half its rows since the publication",
            ROWS,
            unexpected(
                "entity || ' has ' || rows_now || ' live rows in load ' || load_number || ', load '"
                " || load_before || ' had ' || rows_before",
                f"rows_before >= {MANY} and rows_now > 0 and rows_now * 2 < rows_before",
            ),
            blocks=True,
            reason="a half-loaded feed looks like a mass drop of tiers and pays nobody's invoices",
            action=f"Look whether the export broke off and deliver again. {accept_hint}",
        ),
    )


def _content() -> tuple[Expectation, ...]:
    return (
        Expectation(
            "invoices_are_fresh",
            "documents",
            "The newest invoice is at most 45 days old (observed in days)",
            VALUES,
            between("newest_invoice_age_days", high=45),
            blocks=False,
            reason="a feed that stands still lapses accounts, but a season, a back-fill or a "
            "closed history may be silent as long (the circuit breaker holds mass drops)",
            action="Look whether the invoice feed still runs",
        ),
        Expectation(
            "gross_is_plausible",
            "documents",
            "Gross is half to twice the net of the lines for 95 % of the documents "
            "(observed as the share of the others)",
            VALUES,
            between("implausible_gross_ratio", high=0.05),
            blocks=False,
            reason="instalments and retentions may differ for good, a wrong sign or unit may not",
            action="Compare gross_amount with net_amount of some invoices in the source",
        ),
        Expectation(
            "invoices_have_lines",
            "documents",
            "At most 20 % of the documents are without lines (observed as a share)",
            VALUES,
            between("without_lines_ratio", high=0.2),
            blocks=False,
            reason="their revenue is missing in the tiers, though later instalments have no lines",
            action="Look whether the lines were delivered for the same period as the headers",
        ),
        Expectation(
            "dates_are_near",
            "dates",
            "At most 1 % of the documents are dated more than a year ahead",
            ROWS,
            unexpected(
                "entity || ' has ' || far_count || ' of ' || rows_count || ' rows up to ' "
                "|| farthest",
                f"rows_count >= {FEW} and far_count * 100 > rows_count",
            ),
            blocks=False,
            reason="documents after the as-of date do not count, so the figures stay right "
            "but may be poor",
            action="Look whether the as-of date or the century of the documents is wrong",
        ),
        Expectation(
            "currency_codes_are_codes",
            "currencies",
            "Currency codes are three capital letters",
            ROWS,
            unexpected(
                "entity || ' has ' || coalesce(currency_code, 'null') || ' in ' || rows_count "
                "|| ' rows'",
                "not regexp_full_match(currency_code, '[A-Z][A-Z][A-Z]')",
            ),
            blocks=False,
            reason="documents without a rate are held back one by one already",
            action="Deliver ISO 4217 codes",
        ),
        Expectation(
            "accounts_have_owners",
            "owners",
            "At most half of the accounts are without an owner (observed as a share)",
            VALUES,
            between("without_owner_ratio", high=0.5),
            blocks=False,
            reason="their alerts go to the fallback manager, the figures are right",
            action="Deliver owner_user_id for the accounts",
        ),
        Expectation(
            "payments_are_applied",
            "applications",
            "Payments come with applications",
            ROWS,
            unexpected(
                "payments_count || ' payments and no application'",
                f"payments_count >= {FEW} and applications_count = 0",
            ),
            blocks=False,
            reason="every invoice is shown as open then, which a new ledger may mean",
            action="Deliver erp_payment_applications, or leave the entity out when it is unknown",
        ),
    )
