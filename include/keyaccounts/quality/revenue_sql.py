"""Sales at net and at list price from the landed lines, on another path than the models took."""

from __future__ import annotations

from collections.abc import Iterable

from keyaccounts.quality.marts_sql import current


def revenue(unique: Iterable[str]) -> str:
    """Revenue of the twelve months to the newest month-end: the mart, and the landed lines."""
    return f"""
        with ends as (select max(month_end) as month_end from marts.account_tiers),
        tiers as (
            select month_end, sum(ttm_net_revenue_amount) as mart_amount
            from marts.account_tiers join ends using (month_end) group by month_end
        ),
        {_rated_documents(unique)},
        landed as (
            select sum({_in_base("l.net_amount")}) as landed_amount
            from ({current("erp_invoice_lines", unique, "invoice_id, net_amount")}) as l
            join rated as d on d.invoice_id = l.invoice_id
        )
        select month_end, mart_amount, coalesce(landed_amount, 0) as landed_amount,
            mart_amount - coalesce(landed_amount, 0) as difference
        from tiers cross join landed
    """


def list_sales(unique: Iterable[str]) -> str:
    """Sales at list price of the twelve months to the newest month-end, from the landed lines.

    Of the accounts whose every line has a list price of its own: peers stand in for nobody here.
    A rebate gives back no goods, so it has none.
    """
    columns = "invoice_id, list_amount"
    list_amount = "if(d.is_rebate, 0, l.list_amount)"
    return f"""
        with ends as (select max(month_end) as month_end from marts.account_profitability),
        listed as (
            select month_end, account_id, list_sales_current_amount as amount
            from marts.account_profitability join ends using (month_end)
            where list_price_coverage_ratio = 1 and list_sales_current_amount is not null
        ),
        {_rated_documents(unique)},
        landed as (
            select sum({_in_base(list_amount)}) as amount
            from ({current("erp_invoice_lines", unique, columns)}) as l
            join rated as d on d.invoice_id = l.invoice_id
            join listed using (account_id)
        ),
        mart as (select max(month_end) as month_end, sum(amount) as amount from listed)
        select mart.month_end, coalesce(mart.amount, 0) as mart_amount,
            coalesce(landed.amount, 0) as landed_amount,
            coalesce(mart.amount, 0) - coalesce(landed.amount, 0) as difference
        from mart cross join landed
    """


def _in_base(amount: str) -> str:
    return f"cast(cast({amount} as decimal(38,2)) * d.rate as decimal(18,2))"


def _rated_documents(unique: Iterable[str]) -> str:
    """Documents of external accounts in the year to the month-end of `ends`, with their rates.

    The path is landing to total in one statement: no staging of documents, no groups, no units.
    """
    return f"""
        documents as (
            select i.invoice_id, i.account_id, i.invoice_date, r.max_rate_age_days,
                coalesce(i.document_type = 'credit_note'
                    and i.credit_reason in ('rebate', 'price_correction'), false) as is_rebate,
                coalesce(i.currency_code, r.base_currency) as currency_code, r.base_currency
            from ({current("erp_invoices", unique)}) as i
            cross join ends as t
            cross join checks.run as r
            where coalesce(i.status, 'posted') = 'posted'
                and i.invoice_date between
                    cast(date_trunc('month', t.month_end) - interval 11 month as date)
                    and t.month_end
                and not exists (
                    select 1 from staging.stg_crm__account_versions as v
                    where v.account_id = i.account_id and v.is_internal
                        and v.valid_from <= t.month_end and v.valid_to > t.month_end
                )
        ),
        rates as ({current("erp_exchange_rates", unique)}),
        rated as (
            select d.invoice_id, d.account_id, d.is_rebate, case
                when d.currency_code = d.base_currency then cast(1 as decimal(18,8))
                when r.rate_date >= d.invoice_date - d.max_rate_age_days then r.rate_to_base
            end as rate
            from documents as d
            asof left join rates as r
                on r.currency_code = d.currency_code and r.rate_date <= d.invoice_date
        )
    """
