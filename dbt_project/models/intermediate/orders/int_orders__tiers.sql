-- The official tier that each account with a completed order held on the date of the order: that of
-- its unit at the last month-end up to the day.
with lines as (
    select * from {{ ref('int_orders__completed_lines') }} where not is_return
),

month_ends as (select * from {{ ref('int_calendar__month_ends') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

states as (select * from {{ ref('int_tiers__states') }}),

account_days as (
    select
        account_id,
        order_date,
        case
            when order_date = last_day(order_date) then order_date
            else {{ add_days(month_start('order_date'), -1) }}
        end as month_end
    from lines
    group by account_id, order_date
),

final as (
    select
        account_days.account_id,
        account_days.order_date,
        states.tier
    from account_days
    inner join month_ends on month_ends.month_end = account_days.month_end
    inner join units
        on units.epoch_date = month_ends.epoch_date
        and units.account_id = account_days.account_id
    inner join states
        on states.month_end = account_days.month_end
        and states.tier_unit_id = units.tier_unit_id
)

select * from final
