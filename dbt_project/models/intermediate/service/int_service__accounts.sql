-- The external accounts of each month-end with complete twelve months, their unit and its tier.
with months as (select * from {{ ref('int_calendar__month_ends') }} where is_tier_month),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

starts as (select * from {{ ref('int_identity__account_starts') }}),

states as (select * from {{ ref('int_tiers__states') }}),

final as (
    select
        months.month_end,
        units.account_id,
        months.month_number,
        units.tier_unit_id,
        states.tier
    from months
    inner join units on units.epoch_date = months.epoch_date
    inner join starts
        on starts.account_id = units.account_id and starts.exists_from <= months.month_end
    left join states
        on states.month_end = months.month_end and states.tier_unit_id = units.tier_unit_id
)

select * from final
