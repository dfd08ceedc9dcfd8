-- What a unit is worth beyond its own purchases (Q1, Q2): its rating, whom it brought, the industry
-- it opened.
with unit_windows as (select * from {{ ref('int_tiers__unit_windows') }}),

ratings as (select * from {{ ref('int_candidates__ratings') }}),

referrals as (select * from {{ ref('int_candidates__referrals') }}),

openings as (select * from {{ ref('int_candidates__openings') }}),

-- Where nobody is known to have come through anybody, sources are not kept.
referral_months as (select month_end from referrals group by month_end),

final as (
    select
        unit_windows.month_end,
        unit_windows.tier_unit_id,
        ratings.influence_score,
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
