-- Every change or loss of an owner with what the account was at the last month-end before: its tier,
-- profit and thread, and its revenue of the twelve months to then and of the twelve after.
with changes as (select * from {{ ref('int_owners__changes') }}),

users as (select * from {{ ref('stg_crm__user_versions') }}),

months as (select * from {{ ref('int_calendar__month_ends') }}),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

tiers as (select * from {{ ref('int_tiers__states') }}),

stages as (select * from {{ ref('int_relationships__stages') }} where is_month_end),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

departures as (select * from {{ ref('int_owners__mass_departures') }}),

teams as (select user_id, team from users where valid_to = {{ end_of_time() }}),

measured as (
    select
        changes.*,
        teams.team,
        tiers.tier,
        coalesce(stages.is_single_threaded, false) as is_single_threaded_before,
        -- Twelve complete months are needed before anything is known; none sold in them is 0.
        case
            when months.is_tier_month then coalesce(before.profit_amount, 0)
        end as profit_amount,
        case
            when months.is_tier_month then coalesce(before.net_amount, 0)
        end as before_net_amount,
        -- What was billed to another record since says nothing of this one.
        case
            when later.month_end is not null
                and coalesce(versions.merged_into_account_id, changes.account_id)
                    = changes.account_id
                then coalesce(after.net_amount, 0)
        end as after_net_amount
    from changes
    left join teams on teams.user_id = changes.former_owner_user_id
    left join months on months.month_end = changes.month_end_before
    left join units
        on units.epoch_date = months.epoch_date and units.account_id = changes.account_id
    left join tiers
        on tiers.tier_unit_id = units.tier_unit_id and tiers.month_end = months.month_end
    left join stages
        on stages.account_id = changes.account_id and stages.as_of_date = months.month_end
    left join account_windows as before
        on before.account_id = changes.account_id and before.month_end = months.month_end
    left join months as later on later.month_number = months.month_number + 12
    left join versions
        on versions.account_id = changes.account_id
        and versions.valid_from <= later.month_end
        and versions.valid_to > later.month_end
    left join account_windows as after
        on after.account_id = changes.account_id and after.month_end = later.month_end
),

final as (
    select
        measured.account_id,
        measured.changed_date,
        measured.month_end_before,
        measured.change_type,
        measured.former_owner_user_id,
        measured.new_owner_user_id,
        measured.team,
        measured.tier,
        measured.is_single_threaded_before,
        cast(measured.profit_amount as decimal(18,2)) as profit_amount,
        cast(case
            when measured.is_single_threaded_before
                then greatest(coalesce(measured.profit_amount, 0), 0)
            else 0
        end as decimal(18,2)) as profit_at_risk_amount,
        measured.change_type = 'owner_left' and coalesce(departures.is_mass_departure, false)
            as is_mass_departure,
        cast(measured.before_net_amount as decimal(18,2)) as before_net_amount,
        cast(measured.after_net_amount as decimal(18,2)) as after_net_amount
    from measured
    left join departures
        on departures.user_id = measured.former_owner_user_id
        and departures.left_on = measured.changed_date
)

select * from final
