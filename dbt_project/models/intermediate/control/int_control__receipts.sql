-- Receipts of each account by month and whether in the twelve months to D: how much came in, how
-- much of it from a payer outside the group (by the groups of the end of the month) and in cash, and
-- how often a receipt was taken back. A bounce may show as a reversing application, as a receipt
-- below zero, or as both: of a day the more frequent of the two counts.
with payments as (select * from {{ ref('stg_erp__payments') }}),

settlements as (
    select * from {{ ref('int_receivables__settlements') }} where application_type = 'payment'
),

rates as (select * from {{ ref('int_fx__rates') }}),

methods as (select * from {{ ref('payment_methods') }} where is_cash),

days as (select * from {{ ref('int_calendar__days') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

month_epochs as (
    select
        {{ month_number('as_of_date') }} as month_number,
        max(epoch_date) as epoch_date
    from days
    group by {{ month_number('as_of_date') }}
),

received as (
    select
        payments.account_id,
        payments.payer_account_id,
        {{ month_number('payments.received_date') }} as month_number,
        payments.received_date > bounds.year_start as is_in_year_to_d,
        count(*) as receipts_count,
        {{ money_sum(at_rate('payments.amount', 'rates.rate_to_base')) }} as receipts_amount,
        {{ money_sum('case when methods.method is not null then '
            ~ at_rate('payments.amount', 'rates.rate_to_base') ~ ' end') }} as cash_amount
    from payments
    inner join rates
        on rates.currency_code = payments.currency_code and rates.rate_day = payments.received_date
    cross join bounds
    left join methods on methods.method = lower(trim(payments.method))
    where payments.amount > 0
    group by
        payments.account_id, payments.payer_account_id,
        {{ month_number('payments.received_date') }},
        payments.received_date > bounds.year_start
),

judged as (
    select
        received.*,
        coalesce(own.tier_unit_id <> payer.tier_unit_id, false) as is_third_party
    from received
    left join month_epochs on month_epochs.month_number = received.month_number
    left join units as own
        on own.account_id = received.account_id
        and own.epoch_date = coalesce(month_epochs.epoch_date, {{ beginning_of_time() }})
    left join units as payer
        on payer.account_id = received.payer_account_id
        and payer.epoch_date = coalesce(month_epochs.epoch_date, {{ beginning_of_time() }})
),

unapplied_again as (
    select
        source_id,
        effective_date
    from settlements
    where source_id is not null
    group by source_id, effective_date
    having sum(source_amount) < 0
),

taken_back as (
    select
        payments.account_id,
        unapplied_again.effective_date as day,
        1 as applications_count,
        0 as payments_count
    from unapplied_again
    inner join payments on payments.payment_id = unapplied_again.source_id
    union all
    select
        account_id,
        received_date as day,
        0 as applications_count,
        1 as payments_count
    from payments
    where amount < 0
),

reversed_days as (
    select
        account_id,
        day,
        greatest(sum(applications_count), sum(payments_count)) as reversed_count
    from taken_back
    group by account_id, day
),

facts as (
    select
        account_id,
        month_number,
        is_in_year_to_d,
        receipts_count,
        receipts_amount,
        case when is_third_party then receipts_amount end as third_party_amount,
        cash_amount,
        0 as reversed_count
    from judged
    union all
    select
        reversed_days.account_id,
        {{ month_number('reversed_days.day') }} as month_number,
        reversed_days.day > bounds.year_start as is_in_year_to_d,
        0 as receipts_count,
        null as receipts_amount,
        null as third_party_amount,
        null as cash_amount,
        reversed_days.reversed_count
    from reversed_days
    cross join bounds
),

final as (
    select
        account_id,
        month_number,
        is_in_year_to_d,
        cast(sum(receipts_count) as bigint) as receipts_count,
        {{ money_sum('receipts_amount') }} as receipts_amount,
        {{ money_sum('third_party_amount') }} as third_party_amount,
        {{ money_sum('cash_amount') }} as cash_amount,
        cast(sum(reversed_count) as bigint) as reversed_count
    from facts
    group by account_id, month_number, is_in_year_to_d
)

select * from final
