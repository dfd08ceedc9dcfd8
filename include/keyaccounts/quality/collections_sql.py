"""Credit sales at the exit, on another path than the models took."""

from __future__ import annotations

from collections.abc import Iterable

from keyaccounts.quality.marts_sql import current


def credit_sales(unique: Iterable[str]) -> str:
    """Credit sales of all accounts in the newest period: the mart, and the landed documents.

    Landing to total in one statement: no months, no windows, no scopes. Sold for cash is what the
    document says, else what is due at once, by its own due date, else by the terms of its account
    on its date. What is voided counts from its date to that day.
    """
    return f"""
        with mart as (
            select as_of_date, period_from, sum(credit_sales_amount) as mart_amount
            from marts.collection_metrics where is_latest and scope_type = 'account'
            group by as_of_date, period_from
        ),
        landed_documents as ({current("erp_invoices", unique)}),
        moves as (
            select *, invoice_date as day
            from landed_documents
            where coalesce(status, 'posted') = 'posted' or voided_on > invoice_date
            union all
            select * replace (-gross_amount as gross_amount), voided_on as day
            from landed_documents
            where status = 'void' and voided_on > invoice_date
        ),
        documents as (
            select i.gross_amount, i.invoice_date, r.max_rate_age_days, r.base_currency,
                coalesce(i.currency_code, r.base_currency) as currency_code
            from moves as i
            cross join mart as m
            cross join checks.run as r
            join staging.stg_crm__account_versions as v
                on v.account_id = i.account_id
                and v.valid_from <= i.invoice_date and v.valid_to > i.invoice_date
            where i.day between m.period_from and m.as_of_date
                and (i.document_type = 'credit_note' or case
                    when i.is_cash_sale is not null then not i.is_cash_sale
                    when i.due_date is not null then i.due_date > i.invoice_date
                    else coalesce(v.payment_terms_days, (
                        select max_by(amount, valid_from) from rules.alert_rules
                        where rule = 'default_terms_days' and valid_from <= i.invoice_date
                    )) > 0
                end)
        ),
        rates as ({current("erp_exchange_rates", unique)}),
        landed as (
            select sum(cast(cast(d.gross_amount as decimal(38,2)) * case
                when d.currency_code = d.base_currency then cast(1 as decimal(18,8))
                when r.rate_date >= d.invoice_date - d.max_rate_age_days then r.rate_to_base
            end as decimal(18,2))) as landed_amount
            from documents as d
            asof left join rates as r
                on r.currency_code = d.currency_code and r.rate_date <= d.invoice_date
        )
        select as_of_date, mart_amount, coalesce(landed_amount, 0) as landed_amount,
            mart_amount - coalesce(landed_amount, 0) as difference
        from mart cross join landed
    """
