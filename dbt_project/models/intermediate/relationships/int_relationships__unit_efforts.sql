-- What was logged with each tier unit in the twelve months to each month-end, by the identity of
-- that day. Units are told by activities alone, tiered or not: prospects take effort too,
-- and what a machine sends or logs is none.
with months as (select * from {{ ref('int_calendar__month_ends') }} where is_tier_month),

activity_months as (
    select
        account_id,
        {{ month_start('activity_date') }} as month_start,
        count(*) as activities_count,
        count(duration_minutes) as timed_count,
        coalesce(sum(duration_minutes), 0) as minutes
    from {{ ref('int_relationships__personal') }}
    group by account_id, {{ month_start('activity_date') }}
),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

final as (
    select
        months.month_end,
        units.tier_unit_id,
        cast(sum(activity_months.activities_count) as bigint) as activities_count,
        cast(sum(activity_months.timed_count) as bigint) as timed_count,
        cast(sum(activity_months.minutes) as bigint) as minutes
    from months
    inner join activity_months
        on activity_months.month_start >= months.window_from
        and activity_months.month_start <= months.month_start
    inner join units
        on units.epoch_date = months.epoch_date
        and units.account_id = activity_months.account_id
    group by months.month_end, units.tier_unit_id
)

select * from final
