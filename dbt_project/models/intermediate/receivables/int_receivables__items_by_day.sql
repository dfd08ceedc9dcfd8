-- Every open item, receipt and credit note on every day described, with its buckets, at the closing
-- rate of the day and at its booking rate.
with days as (select * from {{ ref('int_calendar__days') }}),

balances as (select * from {{ ref('int_receivables__balances') }}),

rates as (select * from {{ ref('int_fx__rates') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

buckets as (
    select
        *,
        lead(valid_from) over (partition by basis, bucket order by valid_from) as valid_until
    from {{ ref('aging_buckets') }}
),

-- The last day of each bucket, by the rules of the day.
limits as (
    select
        days.as_of_date,
        {%- for column, basis, bucket in [
            ('current_to', 'due_date', 'current'), ('due_30_to', 'due_date', '1-30'),
            ('due_60_to', 'due_date', '31-60'), ('due_90_to', 'due_date', '61-90'),
            ('age_30_to', 'invoice_date', '0-30'), ('age_60_to', 'invoice_date', '31-60'),
            ('age_90_to', 'invoice_date', '61-90')
        ] %}
        max(case when buckets.basis = '{{ basis }}' and buckets.bucket = '{{ bucket }}'
            then buckets.to_days end) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from days
    inner join buckets
        on buckets.valid_from <= days.as_of_date
        and (buckets.valid_until is null or buckets.valid_until > days.as_of_date)
    group by days.as_of_date
),

months as (
    select
        as_of_date,
        {{ month_number('as_of_date') }} as month_number
    from days
    where is_month_end
),

-- A period that was open at n month-ends becomes n rows, by equal joins alone.
spans as (
    select
        spans.month_number - (select min(month_number) from months) + 1 as span,
        offsets.month_number - (select min(month_number) from months) as step
    from months as spans
    inner join months as offsets on offsets.month_number <= spans.month_number
),

first_month as (
    select min(month_number) as month_number from months
),

spanned as (
    select
        balances.*,
        -- What was open before the first document of an external account is there from then on.
        greatest({{ month_number('balances.valid_from') }}, first_month.month_number)
            as first_number,
        least(
            {{ month_number('balances.valid_to') }},
            {{ month_number('bounds.last_month_end') }} + 1
        ) - greatest({{ month_number('balances.valid_from') }}, first_month.month_number) as span
    from balances
    cross join bounds
    cross join first_month
),

at_days as (
    select
        months.as_of_date,
        spanned.kind,
        spanned.document_id,
        spanned.account_id,
        spanned.currency_code,
        spanned.document_date,
        spanned.effective_due_date,
        spanned.is_due_date_imputed,
        spanned.disputed_amount,
        spanned.open_amount,
        spanned.open_booked_amount
    from spanned
    inner join spans on spans.span = spanned.span
    inner join months on months.month_number = spanned.first_number + spans.step
    union all
    select
        bounds.as_of_date,
        balances.kind,
        balances.document_id,
        balances.account_id,
        balances.currency_code,
        balances.document_date,
        balances.effective_due_date,
        balances.is_due_date_imputed,
        balances.disputed_amount,
        balances.open_amount,
        balances.open_booked_amount
    from balances
    inner join bounds
        on bounds.as_of_date >= balances.valid_from
        and bounds.as_of_date < balances.valid_to
        and bounds.as_of_date > bounds.last_month_end
),

open_items as (
    select
        at_days.*,
        limits.current_to,
        limits.due_30_to,
        limits.due_60_to,
        limits.due_90_to,
        limits.age_30_to,
        limits.age_60_to,
        limits.age_90_to,
        rates.rate_to_base as closing_rate,
        {{ days_between('at_days.effective_due_date', 'at_days.as_of_date') }} as past_due_days,
        {{ days_between('at_days.document_date', 'at_days.as_of_date') }} as age_days
    from at_days
    inner join limits on limits.as_of_date = at_days.as_of_date
    left join rates
        on rates.currency_code = at_days.currency_code and rates.rate_day = at_days.as_of_date
),

final as (
    select
        as_of_date,
        kind,
        document_id,
        account_id,
        currency_code,
        document_date,
        effective_due_date,
        is_due_date_imputed,
        past_due_days,
        age_days,
        case
            when kind <> 'invoice' then null
            when past_due_days <= current_to then 'current'
            when past_due_days <= due_30_to then '1-30'
            when past_due_days <= due_60_to then '31-60'
            when past_due_days <= due_90_to then '61-90'
            when past_due_days > due_90_to then '90+'
        end as bucket,
        case
            when kind <> 'invoice' then null
            when age_days <= age_30_to then '0-30'
            when age_days <= age_60_to then '31-60'
            when age_days <= age_90_to then '61-90'
            when age_days > age_90_to then '90+'
        end as age_bucket,
        open_amount as open_document_amount,
        {{ at_rate('open_amount', 'closing_rate') }} as open_amount,
        open_booked_amount,
        {{ at_rate('least(disputed_amount, open_amount)', 'closing_rate') }} as disputed_amount
    from open_items
)

select * from final
