-- What a unit is worth beyond its own purchases (Q1, Q2): its rating, whom it brought, the industry
-- it opened.
with unit_windows as (select * from {{ ref('int_tiers__unit_windows') }}),

months as (
    select * from {{ ref('int_calendar__month_ends') }} where is_tier_month
),

config as ({{ dated_config('candidate_config') }}),

versions as (
    select * from {{ ref('stg_crm__account_versions') }} where influence_score is not null
),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

referrals as (select * from {{ ref('int_candidates__referrals') }}),

openings as (select * from {{ ref('int_candidates__openings') }}),

ratings as (
    select
        months.month_end,
        units.tier_unit_id,
        max(versions.influence_score) as influence_score
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
    group by months.month_end, units.tier_unit_id
),

-- Where nobody is known to have come through anybody, sources are not kept.
referral_months as (select month_end from referrals group by month_end),

final as (
    select
        unit_windows.month_end,
        unit_windows.tier_unit_id,
        cast(ratings.influence_score as bigint) as influence_score,
        coalesce(referrals.referred_accounts_count, 0) as referred_accounts_count,
        case
            when referral_months.month_end is not null
                then cast(coalesce(referrals.referred_profit_amount, 0) as decimal(18,2))
        end as referred_profit_amount,
        openings.opened_industry_code,
        openings.followers_count
    from unit_windows
    left join ratings
        on ratings.month_end = unit_windows.month_end
        and ratings.tier_unit_id = unit_windows.tier_unit_id
    left join referral_months on referral_months.month_end = unit_windows.month_end
    left join referrals
        on referrals.month_end = unit_windows.month_end
        and referrals.tier_unit_id = unit_windows.tier_unit_id
    left join openings
        on openings.month_end = unit_windows.month_end
        and openings.tier_unit_id = unit_windows.tier_unit_id
)

select * from final
