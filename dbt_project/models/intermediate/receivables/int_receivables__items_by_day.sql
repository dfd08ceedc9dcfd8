-- Every open item, receipt and credit note on every day described, with its buckets, at the closing
-- rate of the day and at its booking rate.
with days as (select * from {{ ref('int_calendar__days') }}),

balances as (select * from {{ ref('int_receivables__balances') }}),

rates as (select * from {{ ref('int_fx__rates') }}),

buckets as (
    select
        *,
        lead(valid_from) over (partition by basis, bucket order by valid_from) as valid_until
    from {{ ref('aging_buckets') }}
),

open_items as (
    select
        days.as_of_date,
        balances.*,
        rates.rate_to_base as closing_rate,
        {{ days_between('balances.effective_due_date', 'days.as_of_date') }} as past_due_days,
        {{ days_between('balances.document_date', 'days.as_of_date') }} as age_days
    from balances
    inner join days
        on days.as_of_date >= balances.valid_from and days.as_of_date < balances.valid_to
    left join rates
        on rates.currency_code = balances.currency_code and rates.rate_day = days.as_of_date
),

final as (
    select
        open_items.as_of_date,
        open_items.kind,
        open_items.document_id,
        open_items.account_id,
        open_items.currency_code,
        open_items.document_date,
        open_items.effective_due_date,
        open_items.is_due_date_imputed,
        open_items.past_due_days,
        open_items.age_days,
        due_buckets.bucket,
        age_buckets.bucket as age_bucket,
        open_items.open_amount as open_document_amount,
        {{ at_rate('open_items.open_amount', 'open_items.closing_rate') }} as open_amount,
        open_items.open_booked_amount,
        {{ at_rate('least(open_items.disputed_amount, open_items.open_amount)',
            'open_items.closing_rate') }} as disputed_amount
    from open_items
    left join buckets as due_buckets
        on open_items.kind = 'invoice'
        and due_buckets.basis = 'due_date'
        and open_items.past_due_days >= due_buckets.from_days
        and open_items.past_due_days <= due_buckets.to_days
        and due_buckets.valid_from <= open_items.as_of_date
        and (due_buckets.valid_until is null or due_buckets.valid_until > open_items.as_of_date)
    left join buckets as age_buckets
        on open_items.kind = 'invoice'
        and age_buckets.basis = 'invoice_date'
        and open_items.age_days >= age_buckets.from_days
        and open_items.age_days <= age_buckets.to_days
        and age_buckets.valid_from <= open_items.as_of_date
        and (age_buckets.valid_until is null or age_buckets.valid_until > open_items.as_of_date)
)

select * from final
