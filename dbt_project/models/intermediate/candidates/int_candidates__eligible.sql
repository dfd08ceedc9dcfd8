-- Every unit that could be a candidate for key account at a month-end, which it is when it is not A and
-- not lost: what speaks for it, and its score (semantics 3.14).
with tiers as (select * from {{ ref('int_tiers__states') }}),

states as (select * from {{ ref('int_candidates__states') }}),

influences as (select * from {{ ref('int_candidates__influence') }}),

volumes as (select * from {{ ref('int_candidates__volumes') }}),

prospects as (select * from {{ ref('int_candidates__prospects') }}),

rules as ({{ dated_config('candidate_config') }}),

-- What it takes to be A: the smallest profit of a unit that is A by this month-end alone, which no
-- unit without a line is.
thresholds as (
    select
        month_end,
        min(profit_amount) as profit_amount
    from tiers
    where raw_tier = 'A'
    group by month_end
),

measured as (
    select
        tiers.month_end,
        tiers.month_number,
        tiers.tier_unit_id,
        tiers.tier,
        tiers.profit_amount,
        states.lifecycle_state,
        influences.influence_score,
        influences.referred_accounts_count,
        influences.referred_profit_amount,
        influences.opened_industry_code,
        influences.followers_count,
        volumes.first_four_amount,
        volumes.last_four_amount,
        volumes.ramp_ratio,
        volumes.wallet_amount,
        volumes.wallet_revenue_amount,
        volumes.wallet_share_ratio,
        volumes.exclusivity,
        prospects.adopter_class,
        prospects.own_growth_score,
        prospects.purchase_growth_ratio,
        prospects.breadth_growth_count,
        thresholds.profit_amount as threshold_amount,
        rules.referred_profit_share,
        rules.exclusive_wallet_share,
        rules.minimum_ramp_ratio,
        rules.influence_weight,
        rules.volume_weight,
        rules.prospect_weight,
        rules.conversion_months,
        -- What reaches a limit counts; what is not known is no reason.
        coalesce(influences.influence_score >= rules.minimum_influence_score, false)
            or coalesce(influences.referred_profit_amount
                >= thresholds.profit_amount * rules.referred_profit_share, false) as has_influence,
        coalesce(states.lifecycle_state = 'active'
                and volumes.ramp_ratio is not null
                and volumes.last_four_amount
                    >= volumes.first_four_amount * rules.minimum_ramp_ratio, false)
            or volumes.exclusivity = 'exclusive' as has_volume,
        prospects.adopter_class in ('innovator', 'early_adopter')
            or coalesce(prospects.own_growth_score >= rules.minimum_growth_score, false)
            as has_prospect
    from tiers
    inner join states
        on states.month_end = tiers.month_end and states.tier_unit_id = tiers.tier_unit_id
    inner join influences
        on influences.month_end = tiers.month_end
        and influences.tier_unit_id = tiers.tier_unit_id
    inner join volumes
        on volumes.month_end = tiers.month_end and volumes.tier_unit_id = tiers.tier_unit_id
    inner join prospects
        on prospects.month_end = tiers.month_end and prospects.tier_unit_id = tiers.tier_unit_id
    inner join rules
        on rules.valid_from <= tiers.month_end and rules.valid_until > tiers.month_end
    left join thresholds on thresholds.month_end = tiers.month_end
    where tiers.tier <> 'A' and states.lifecycle_state in ('active', 'at_risk')
),

-- Each part is its better measure. A ramp counts from where it grows on, and only while it goes on.
parts as (
    select
        measured.*,
        greatest(
            {{ rating_of_part('influence_score') }},
            {{ share_of_part(
                whole('referred_profit_amount') ~ ' * 10000',
                whole('threshold_amount') ~ ' * ' ~ whole('referred_profit_share')) }}
        ) as influence_part,
        greatest(
            case when lifecycle_state = 'active' and ramp_ratio is not null then
                {{ share_of_part(
                    whole('last_four_amount - first_four_amount') ~ ' * 10000',
                    whole('first_four_amount') ~ ' * ' ~ whole('minimum_ramp_ratio - 1')) }}
                else 0
            end,
            {{ share_of_part(
                whole('wallet_revenue_amount') ~ ' * 10000',
                whole('wallet_amount') ~ ' * ' ~ whole('exclusive_wallet_share')) }}
        ) as volume_part,
        greatest(
            {{ rating_of_part('own_growth_score') }},
            cast(case adopter_class when 'innovator' then 1 when 'early_adopter' then 0.8 else 0 end
                as decimal(18,6))
        ) as prospect_part,
        case when influence_score is not null then 1 else 0 end
            + case when referred_profit_amount is not null then 1 else 0 end
            as influence_measures_count,
        case when ramp_ratio is not null then 1 else 0 end
            + case when wallet_share_ratio is not null then 1 else 0 end as volume_measures_count,
        {{ 1 if is_present('erp_products') else 0 }}
            + case when own_growth_score is not null then 1 else 0 end as prospect_measures_count
    from measured
),

final as (
    select
        month_end,
        month_number,
        tier_unit_id,
        tier,
        lifecycle_state,
        profit_amount,
        has_influence or has_volume or has_prospect as is_candidate,
        nullif(concat_ws(
            '|',
            case when has_influence then 'influence' end,
            case when has_prospect then 'prospect' end,
            case when has_volume then 'volume' end
        ), '') as candidate_reasons,
        cast(influence_weight * influence_part + volume_weight * volume_part
            + prospect_weight * prospect_part as decimal(18,6)) as candidate_score_ratio,
        cast(cast(0.5 as decimal(2,1)) * (influence_weight * influence_measures_count
            + volume_weight * volume_measures_count + prospect_weight * prospect_measures_count)
            as decimal(18,6)) as coverage_ratio,
        influence_score,
        referred_accounts_count,
        referred_profit_amount,
        opened_industry_code,
        followers_count,
        ramp_ratio,
        wallet_share_ratio,
        exclusivity,
        adopter_class,
        own_growth_score,
        purchase_growth_ratio,
        breadth_growth_count,
        conversion_months
    from parts
)

select * from final
