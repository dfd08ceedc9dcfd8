-- Effort against profit of each tiered unit at each month-end, and whether a key account waits while
-- its owner is with small ones.
with months as (select * from {{ ref('int_calendar__month_ends') }} where is_tier_month),

tiers as (select * from {{ ref('int_tiers__states') }}),

efforts as (select * from {{ ref('int_relationships__unit_efforts') }}),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

activity_days as (
    select
        account_id,
        user_id,
        activity_date,
        count(*) as activities_count,
        max(case when is_two_way then 1 else 0 end) as two_way
    from {{ ref('int_relationships__personal') }}
    group by account_id, user_id, activity_date
),

underserved as ({{ dated_rule('underserved_effort_to_profit') }}),

neglect_days as ({{ dated_rule('neglected_days') }}),

neglect_activities as ({{ dated_rule('neglected_c_activities') }}),

timed_shares as ({{ dated_rule('minimum_timed_share') }}),

contact_limits as ({{ dated_config('contact_limits', 'tier') }}),

limits as (
    select
        months.month_end,
        months.epoch_date,
        underserved.amount as underserved_ratio,
        neglect_activities.amount as neglect_activities_count,
        timed_shares.amount as minimum_timed_share,
        {{ add_days('months.month_end', '1 - cast(neglect_days.amount as integer)') }} as neglect_from,
        cast(contact_limits.limit_days as bigint) as contact_limit_days,
        {{ add_days('months.month_end', '-contact_limits.limit_days') }} as contact_from
    from months
    inner join underserved
        on months.month_end >= underserved.valid_from
        and months.month_end < underserved.valid_until
    inner join neglect_days
        on months.month_end >= neglect_days.valid_from
        and months.month_end < neglect_days.valid_until
    inner join neglect_activities
        on months.month_end >= neglect_activities.valid_from
        and months.month_end < neglect_activities.valid_until
    inner join timed_shares
        on months.month_end >= timed_shares.valid_from
        and months.month_end < timed_shares.valid_until
    left join contact_limits
        on contact_limits.tier = 'A'
        and months.month_end >= contact_limits.valid_from
        and months.month_end < contact_limits.valid_until
),

-- Few days of each month-end: those that neglect and a late contact are asked of.
recent as (
    select
        limits.month_end,
        tiers.tier,
        tiers.tier_unit_id,
        activity_days.user_id,
        sum(case when activity_days.activity_date >= limits.neglect_from
            then activity_days.activities_count else 0 end) as activities_count,
        max(case when activity_days.activity_date >= limits.contact_from
            then activity_days.two_way else 0 end) as two_way
    from limits
    inner join activity_days
        on activity_days.activity_date <= limits.month_end
        and activity_days.activity_date
            >= least(limits.neglect_from, coalesce(limits.contact_from, limits.neglect_from))
    inner join units
        on units.epoch_date = limits.epoch_date and units.account_id = activity_days.account_id
    inner join tiers
        on tiers.month_end = limits.month_end and tiers.tier_unit_id = units.tier_unit_id
    group by limits.month_end, tiers.tier, tiers.tier_unit_id, activity_days.user_id
),

owners_on_c as (
    select month_end, user_id, sum(activities_count) as activities_count
    from recent where tier = 'C' group by month_end, user_id
),

spoken_with as (
    select month_end, tier_unit_id from recent where two_way = 1 group by month_end, tier_unit_id
),

totals as (
    select
        month_end,
        sum(activities_count) as activities_count,
        sum(timed_count) as timed_count,
        sum(minutes) as minutes
    from efforts
    group by month_end
),

joined as (
    select
        tiers.month_end,
        tiers.tier_unit_id,
        tiers.tier,
        versions.owner_user_id,
        tiers.profit_amount,
        limits.contact_limit_days,
        cast(greatest(tiers.profit_amount, 0) as decimal(18,2)) as positive_profit_amount,
        cast(totals.activities_count as decimal(14,0)) as total_activities_count,
        cast(case when totals.activities_count > 0 then coalesce(efforts.activities_count, 0) end
            as decimal(14,0)) as activities_count,
        cast(case when totals.activities_count > 0 then coalesce(efforts.timed_count, 0) end
            as bigint) as timed_count,
        cast(totals.minutes as decimal(14,0)) as total_minutes,
        -- Hours are known where enough of what was logged, here and in all, says how long it took.
        cast(case
            when totals.timed_count
                >= cast(totals.activities_count as decimal(14,0)) * limits.minimum_timed_share
                and coalesce(efforts.timed_count, 0)
                >= cast(coalesce(efforts.activities_count, 0) as decimal(14,0))
                    * limits.minimum_timed_share
                then coalesce(efforts.minutes, 0)
        end as decimal(14,0)) as minutes,
        cast(coalesce(owners_on_c.activities_count, 0) as bigint) as owner_c_activities_count,
        limits.underserved_ratio,
        limits.contact_from is not null and spoken_with.tier_unit_id is null
            and tiers.tier = 'A'
            and coalesce(owners_on_c.activities_count, 0) >= limits.neglect_activities_count
            as is_neglected
    from tiers
    inner join limits on limits.month_end = tiers.month_end
    left join totals on totals.month_end = tiers.month_end
    left join efforts
        on efforts.month_end = tiers.month_end and efforts.tier_unit_id = tiers.tier_unit_id
    left join versions
        on versions.account_id = tiers.tier_unit_id
        and versions.valid_from <= tiers.month_end
        and versions.valid_to > tiers.month_end
    left join owners_on_c
        on owners_on_c.month_end = tiers.month_end
        and owners_on_c.user_id = versions.owner_user_id
    left join spoken_with
        on spoken_with.month_end = tiers.month_end
        and spoken_with.tier_unit_id = tiers.tier_unit_id
),

final as (
    select
        joined.*,
        cast(sum(positive_profit_amount) over (partition by month_end) as decimal(20,2))
            as total_profit_amount,
        cast(sum(positive_profit_amount) over (partition by month_end, tier) as decimal(20,2))
            as tier_profit_amount,
        cast(sum(activities_count) over (partition by month_end, tier) as decimal(14,0))
            as tier_activities_count
    from joined
)

select * from final
