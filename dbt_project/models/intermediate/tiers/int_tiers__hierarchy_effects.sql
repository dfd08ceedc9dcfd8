-- What a change of membership alone did to the profit of a unit, at the month-ends at which who
-- belongs to whom differs from the month-end before.
with months as (select * from {{ ref('int_calendar__month_ends') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

changed_months as (
    select
        month_end,
        month_number,
        epoch_date,
        lag(epoch_date) over (order by month_end) as old_epoch_date
    from months
),

sides as (
    select
        month_end,
        month_number,
        epoch_date,
        1 as direction
    from changed_months
    where epoch_date <> old_epoch_date
    union all
    select
        month_end,
        month_number,
        old_epoch_date as epoch_date,
        -1 as direction
    from changed_months
    where epoch_date <> old_epoch_date
),

final as (
    select
        sides.month_number,
        units.tier_unit_id,
        {{ money_sum('sides.direction * account_windows.profit_amount') }} as effect_amount
    from sides
    inner join account_windows on account_windows.month_end = sides.month_end
    inner join units
        on units.epoch_date = sides.epoch_date and units.account_id = account_windows.account_id
    group by sides.month_number, units.tier_unit_id
    having sum(sides.direction * account_windows.profit_amount) <> 0
)

select * from final
