with eligible as (select * from {{ ref('int_candidates__eligible') }}),

slopes as (select * from {{ ref('int_candidates__slopes') }}),

ratings as (select * from {{ ref('int_candidates__ratings') }}),

outcomes as (select * from {{ ref('int_candidates__outcomes') }}),

lifts as (select * from {{ ref('int_candidates__lift') }}),

candidates as (
    select
        eligible.*,
        coalesce(
            lag(month_number) over (partition by tier_unit_id order by month_number)
                <> month_number - 1, true
        ) as is_new_candidate
    from eligible
    where is_candidate
),

final as (
    select
        candidates.month_end,
        {{ as_of_date() }} as as_of_date,
        candidates.tier_unit_id,
        candidates.tier,
        candidates.lifecycle_state,
        candidates.candidate_reasons as reasons,
        candidates.candidate_score_ratio,
        candidates.coverage_ratio,
        candidates.influence_score,
        candidates.referred_accounts_count,
        candidates.referred_profit_amount,
        candidates.opened_industry_code,
        candidates.followers_count,
        candidates.ramp_ratio,
        slopes.revenue_slope_ratio,
        candidates.wallet_share_ratio,
        candidates.exclusivity,
        candidates.adopter_class,
        candidates.own_growth_score,
        candidates.purchase_growth_ratio,
        candidates.breadth_growth_count,
        candidates.is_new_candidate,
        outcomes.became_a_date,
        outcomes.is_conversion_known,
        lifts.conversion_ratio,
        lifts.base_conversion_ratio,
        lifts.lift_ratio,
        lifts.lift_verdict,
        ratings.influence_rater,
        coalesce(ratings.has_influence_evidence, false) as has_influence_evidence
    from candidates
    inner join slopes
        on slopes.month_end = candidates.month_end
        and slopes.tier_unit_id = candidates.tier_unit_id
    inner join outcomes
        on outcomes.month_end = candidates.month_end
        and outcomes.tier_unit_id = candidates.tier_unit_id
    cross join lifts
    left join ratings
        on ratings.month_end = candidates.month_end
        and ratings.tier_unit_id = candidates.tier_unit_id
)

select * from final
