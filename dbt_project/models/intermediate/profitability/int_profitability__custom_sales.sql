-- What each account bought in the twelve months to a month-end of products that were made for it
-- first, or for another account of its customer as of that day. No row is none.
with months as (select * from {{ ref('int_calendar__month_ends') }} where is_tier_month),

custom_months as (select * from {{ ref('int_revenue__custom_months') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

final as (
    select
        months.month_end,
        custom_months.account_id,
        {{ money_sum('custom_months.net_amount') }} as custom_net_amount
    from months
    inner join custom_months
        on custom_months.month_start >= months.window_from
        and custom_months.month_start <= months.month_start
    inner join units
        on units.epoch_date = months.epoch_date and units.account_id = custom_months.account_id
    inner join units as origins
        on origins.epoch_date = months.epoch_date
        and origins.account_id = custom_months.origin_account_id
        and origins.customer_key = units.customer_key
    group by months.month_end, custom_months.account_id
)

select * from final
