"""Totals at the exit, each computed on another path than the models took."""

from __future__ import annotations

from collections.abc import Iterable

from keyaccounts.contract import load_contract

EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
PAST_DATES = (
    "as_of_date", "month_end", "effective_date", "invoice_date", "valid_from", "tier_since_date",
    "first_purchase_date", "last_purchase_date", "last_order_date", "cohort_month",
)  # fmt: skip


def current(entity: str, unique: Iterable[str], columns: str = "*") -> str:
    """Return SQL for the landed rows that count: newest version, not deleted, not held back."""
    if entity in unique:
        rows = f"landing.{entity}"
    else:
        keys = ", ".join(load_contract()[entity].keys)
        rows = (
            f"(select * from landing.{entity} qualify row_number() over (partition by {keys} "
            "order by updated_at desc nulls last, _load desc, _row) = 1)"
        )
    return f"""
        select {columns} from {rows} as t
        where is_deleted is not true and not exists (
            select 1 from landing.rejected as r
            where r.entity = '{entity}' and r._load = t._load and r._row = t._row
        )
    """


RECEIVABLES = """
    with voided as (
        select invoice_id from staging.stg_erp__invoices cross join checks.run
        where voided_on <= as_of_date
    ),
    applied as (
        select invoice_id, sum(amount) as amount from staging.stg_erp__payment_applications
        where application_type <> 'credit_note'
            or coalesce(source_document_id, '') not in (select invoice_id from voided)
        group by invoice_id
    ),
    documents as (
        select coalesce(sum(greatest(i.gross_amount - coalesce(a.amount, 0), 0)), 0) as amount
        from staging.stg_erp__invoices as i
        cross join checks.run as r
        left join applied as a on a.invoice_id = i.invoice_id
        where i.document_type = 'invoice' and i.currency_code = r.base_currency
            and r.is_receivable_known and i.invoice_id not in (select invoice_id from voided)
    ),
    items as (
        select
            coalesce(sum(open_document_amount), 0) as amount,
            count(*) filter (open_amount <> open_document_amount) as converted_count
        from marts.receivables_open_items cross join checks.run
        where document_currency_code = base_currency
    )
    select items.amount as mart_amount, documents.amount as documents_amount,
        items.amount - documents.amount as difference, items.converted_count
    from items cross join documents
"""


def receipts(unique: Iterable[str]) -> str:
    """Receipts of the twelve months to D: the mart, and the landed payments at their rates."""
    return f"""
        with mart as (
            select coalesce(sum(receipts_amount), 0) as mart_amount
            from marts.cash_control where is_latest
        ),
        payments as (
            select p.received_date, p.amount, r.max_rate_age_days, r.base_currency,
                coalesce(p.currency_code, r.base_currency) as currency_code
            from ({current("erp_payments", unique)}) as p cross join checks.run as r
            where p.amount > 0 and r.is_receivable_known and p.received_date <= r.as_of_date
                and p.received_date > if(
                    last_day(r.as_of_date) = r.as_of_date,
                    last_day(cast(r.as_of_date - interval 12 month as date)),
                    cast(r.as_of_date - interval 12 month as date)
                )
        ),
        rates as ({current("erp_exchange_rates", unique)}),
        landed as (
            select coalesce(sum(cast(cast(p.amount as decimal(38,2)) * case
                when p.currency_code = p.base_currency then cast(1 as decimal(18,8))
                when r.rate_date >= p.received_date - p.max_rate_age_days then r.rate_to_base
            end as decimal(18,2))), 0) as landed_amount
            from payments as p
            asof left join rates as r
                on r.currency_code = p.currency_code and r.rate_date <= p.received_date
        )
        select mart_amount, landed_amount, mart_amount - landed_amount as difference
        from mart cross join landed
    """


IDENTITY = """
    with landed as (
        -- An account that came after D and has no document by then is not known at D.
        select count(distinct v.account_id) as accounts_count
        from landing.crm_account_versions as v cross join checks.run
        where v.created_at is null
            or timezone(timezone, timezone('UTC', v.created_at))::date <= as_of_date
            or v.account_id in (
                select account_id from landing.erp_invoices where invoice_date <= as_of_date
            )
    ),
    mart as (
        select
            count(*) as accounts_count,
            count(*) filter (is_tier_unit and not is_internal) as roots_count,
            count(distinct tier_unit_id) filter (not is_internal) as units_count
        from marts.accounts
    )
    select landed.accounts_count as landed_count, mart.* from landed cross join mart
"""

MONTH_ENDS = """
    select month_end, count(distinct measure_used) as measures_count from marts.account_tiers
    group by month_end
"""

VERDICTS = """
    with aging as (
        select count(*) as debtors_count from marts.receivables_aging
        where is_latest and not is_internal
    ),
    behaviour as (
        select
            count(*) as accounts_count,
            count(*) filter (payment_trap_status <> 'insufficient_history') as judged_count,
            count(*) filter (is_payment_trap) as traps_count
        from marts.payment_behaviour where is_latest
    )
    select aging.debtors_count, behaviour.* from aging cross join behaviour
"""


def dates(columns: Iterable[tuple[str, str]]) -> str:
    """Rows dated after D, by mart and column that must not look ahead."""
    parts = [
        f"select '{mart}' as mart, '{column}' as column_name, "
        f"count(*) filter ({column} > as_of_date_of_run) as ahead_count, "
        f"cast(max({column}) as date) as newest "
        f"from marts.{mart} cross join (select as_of_date as as_of_date_of_run from checks.run)"
        for mart, column in columns
        if column in PAST_DATES
    ]
    return " union all ".join(parts)


def emails(columns: Iterable[tuple[str, str]]) -> str:
    """Addresses in text columns for BI, by mart and column; the addresses stay in the database.

    Known are addresses of our people and of contacts. An address that a source uses as an id or as
    the name of a company is told apart: it is in the marts because the key is.
    """
    parts = [
        f"select '{mart}' as mart, '{column}' as column_name, "
        f"unnest(regexp_extract_all({column}, '{EMAIL}')) as address "
        f"from marts.{mart} where contains({column}, '@')"
        for mart, column in columns
    ]
    return f"""
        with found as (
            select mart, column_name, lower(address) as address from ({" union all ".join(parts)})
        ),
        known as (
            select lower(email) as address from landing.crm_users
            union select lower(email) from landing.crm_contacts
        ),
        names as (
            select lower(user_id) as address from landing.crm_users
            union select lower(contact_id) from landing.crm_contacts
            union select lower(account_id) from landing.crm_accounts
            union select lower(account_name) from landing.crm_accounts
        ),
        judged as (
            select mart, column_name,
                exists (select 1 from known as k where k.address = f.address)
                and not exists (select 1 from names as n where n.address = f.address) as is_known
            from found as f
        )
        select mart, column_name, count(*) filter (is_known) as known_count,
            count(*) filter (not is_known) as other_count
        from judged group by mart, column_name
    """


def sizes(before: dict[str, int], built: Iterable[str]) -> str:
    """Rows of each mart, now and in the current publication."""
    now = {mart: f"(select count(*) from marts.{mart})" for mart in built}
    parts = [
        f"select '{mart}' as mart, {rows} as rows_before, {now.get(mart, '0')} as rows_now"
        for mart, rows in sorted(before.items())
    ]
    return " union all ".join(parts)
