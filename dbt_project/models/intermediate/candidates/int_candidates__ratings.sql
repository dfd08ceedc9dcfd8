-- The best rating of influence of each unit that has not expired at a month-end (Q1): who made it, and
-- whether it says what it rests on. Of several that are equally good one by somebody else than the
-- owner of that day is enough, as is one with evidence.
with months as (
    select * from {{ ref('int_calendar__month_ends') }} where is_tier_month
),

config as ({{ dated_config('candidate_config') }}),

owners as (select * from {{ ref('stg_crm__account_versions') }}),

versions as (
    select
        rated.*,
        case
            when rated.influence_rated_by_user_id is not null
                then coalesce(rated.influence_rated_by_user_id = owners.owner_user_id, false)
        end as is_by_owner
    from owners as rated
    inner join owners
        on owners.account_id = rated.account_id
        and owners.valid_from <= rated.influence_rated_on
        and owners.valid_to > rated.influence_rated_on
    where rated.influence_score is not null
),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

ratings as (
    select
        months.month_end,
        units.tier_unit_id,
        versions.influence_score,
        max(versions.influence_score) over (
            partition by months.month_end, units.tier_unit_id
        ) as best_score,
        versions.has_influence_evidence,
        versions.is_by_owner
    from months
    inner join config
        on config.valid_from <= months.month_end and config.valid_until > months.month_end
    inner join versions
        on versions.valid_from <= months.month_end
        and versions.valid_to > months.month_end
        and versions.influence_rated_on
            > {{ add_months('months.month_end', '-config.influence_months') }}
        and versions.influence_rated_on <= months.month_end
    inner join units
        on units.epoch_date = months.epoch_date and units.account_id = versions.account_id
),

final as (
    select
        month_end,
        tier_unit_id,
        cast(best_score as bigint) as influence_score,
        case
            when max(case when not is_by_owner then 1 end) = 1 then 'other'
            when max(case when is_by_owner then 1 end) = 1 then 'owner'
            when count(*) > 0 then 'unknown'
        end as influence_rater,
        max(case when has_influence_evidence then 1 else 0 end) = 1 as has_influence_evidence
    from ratings
    where influence_score = best_score
    group by month_end, tier_unit_id, best_score
)

select * from final
