-- Collects what other marts publish; its figures equal theirs.
with months as (select * from {{ ref('int_calendar__month_ends') }} where is_tier_month),

units as (select * from {{ ref('account_tiers') }}),

customer_values as (select * from {{ ref('account_value') }}),

stages as (select * from {{ ref('relationship_stages') }} where is_month_end),

inputs as (select * from {{ ref('int_portfolio__manual_inputs') }}),

candidates as (select * from {{ ref('quasi_key_accounts') }}),

metrics as (
    select * from {{ ref('collection_metrics') }}
    where is_month_end and scope_type = 'company'
),

bridges as (
    select * from {{ ref('retention_summary') }}
    where comparison = 'year_over_year' and measure = 'revenue' and scope_type = 'company'
),

erosion as (select * from {{ ref('int_portfolio__erosion') }}),

variations as (select * from {{ ref('int_portfolio__variations') }}),

touches as (select * from {{ ref('int_portfolio__touches') }}),

states as (select * from {{ ref('int_tiers__states') }}),

eligible as (select * from {{ ref('int_candidates__eligible') }}),

outcomes as (select * from {{ ref('int_candidates__outcomes') }}),

lifecycle as (select * from {{ ref('customer_lifecycle') }} where is_month_end),

losses as (select * from {{ ref('churned_accounts') }}),

referrals as (select * from {{ ref('referrals') }}),

facts as (
    select
        units.month_end,
        units.tier,
        units.ttm_net_revenue_amount,
        units.ttm_profit_amount,
        units.is_loss_making,
        case when units.tier = 'A' then customer_values.clv_incl_current_year_amount end
            as a_clv_amount,
        case when units.tier = 'A' then stages.evidenced_stage end as a_stage,
        units.tier = 'A' or inputs.is_reference or coalesce(stages.evidenced_stage = 5, false)
            as is_key_account,
        candidates.tier_unit_id is not null as is_candidate,
        case
            when units.tier = 'A' or candidates.tier_unit_id is not null
                then inputs.known_inputs_count
        end as known_inputs_count
    from units
    inner join inputs
        on inputs.month_end = units.month_end and inputs.tier_unit_id = units.tier_unit_id
    left join customer_values
        on customer_values.month_end = units.month_end
        and customer_values.tier_unit_id = units.tier_unit_id
    left join stages
        on stages.as_of_date = units.month_end and stages.account_id = units.tier_unit_id
    left join candidates
        on candidates.month_end = units.month_end
        and candidates.tier_unit_id = units.tier_unit_id
),

sums as (
    select
        month_end,
        {%- for tier in ['A', 'B', 'C', 'NEW', 'INACTIVE'] %}
        sum(case when tier = '{{ tier }}' then 1 else 0 end) as {{ tier | lower }}_units_count,
        {%- endfor %}
        sum(case when is_key_account then 1 else 0 end) as key_accounts_count,
        sum(case when is_candidate then 1 else 0 end) as candidates_count,
        {{ money_sum("case when tier = 'A' then ttm_profit_amount end") }} as a_profit_amount,
        {{ money_sum("case when tier = 'A' then ttm_net_revenue_amount end") }} as a_revenue_amount,
        {{ money_sum('greatest(ttm_profit_amount, 0)') }} as positive_profit_amount,
        {{ money_sum('ttm_profit_amount') }} as profit_amount,
        {{ money_sum('ttm_net_revenue_amount') }} as revenue_amount,
        sum(a_clv_amount) as a_clv_amount,
        count(a_clv_amount) as a_valued_count,
        sum(a_stage) as a_stages,
        count(a_stage) as a_staged_count,
        sum(case when is_loss_making then 1 else 0 end) as loss_making_units_count,
        sum(known_inputs_count) as known_inputs_count,
        count(known_inputs_count) * 5 as asked_inputs_count
    from facts
    group by month_end
),

-- Units that were B a year ago, and which of them were A at a month-end since.
former_b as (
    select
        states.month_number + 12 as month_number,
        states.tier_unit_id,
        max(case when later.tier_unit_id is not null then 1 else 0 end) as is_risen
    from states
    left join states as later
        on later.tier_unit_id = states.tier_unit_id
        and later.month_number > states.month_number
        and later.month_number <= states.month_number + 12
        and later.tier = 'A'
    where states.tier = 'B'
    group by states.month_number, states.tier_unit_id
),

rises as (
    select
        month_number,
        count(*) as b_count,
        sum(is_risen) as risen_count
    from former_b
    group by month_number
),

conversions as (
    select
        eligible.month_number + eligible.conversion_months as month_number,
        sum(case when outcomes.is_candidate then 1 else 0 end) as candidates_count,
        sum(case when outcomes.is_candidate and outcomes.became_a_date is not null
            then 1 else 0 end) as candidates_became_a_count,
        sum(case when outcomes.is_candidate then 0 else 1 end) as others_count,
        sum(case when not outcomes.is_candidate and outcomes.became_a_date is not null
            then 1 else 0 end) as others_became_a_count
    from eligible
    inner join outcomes
        on outcomes.month_end = eligible.month_end
        and outcomes.tier_unit_id = eligible.tier_unit_id
    group by eligible.month_number + eligible.conversion_months
),

churned as (
    select
        as_of_date,
        count(*) as churned_count,
        sum(case when bought_within_12m_after = 'yes' then 1 else 0 end) as came_back_count
    from lifecycle
    where lifecycle_state = 'churned'
    group by as_of_date
),

explained as (
    select
        months.month_end,
        count(*) as losses_count,
        sum(case when losses.is_post_mortem_complete then 1 else 0 end) as complete_count
    from months
    inner join losses
        on losses.churned_date >= months.window_from and losses.churned_date <= months.month_end
    group by months.month_end
),

first_as as (
    select
        tier_unit_id,
        min(month_end) as first_a_date
    from states
    where tier = 'A'
    group by tier_unit_id
),

referred as (
    select
        months.month_end,
        count(case when first_as.first_a_date <= months.month_end then 1 end) as reached_a_count
    from months
    cross join referrals
    left join first_as on first_as.tier_unit_id = referrals.tier_unit_id
    where not referrals.is_same_unit
    group by months.month_end
),

final as (
    select
        months.month_end,
        {%- for tier in ['a', 'b', 'c', 'new', 'inactive'] %}
        cast(sums.{{ tier }}_units_count as bigint) as {{ tier }}_units_count,
        {%- endfor %}
        cast(sums.key_accounts_count as bigint) as key_accounts_count,
        cast(sums.candidates_count as bigint) as candidates_count,
        case when sums.profit_amount > 0 then
            {{ ratio('sums.a_profit_amount', 'sums.profit_amount') }}
        end as a_profit_ratio,
        case when sums.revenue_amount > 0 then
            {{ ratio('sums.a_revenue_amount', 'sums.revenue_amount') }}
        end as a_revenue_ratio,
        {{ multiply_divide('sums.a_clv_amount', '1', 'sums.a_valued_count') }}
            as a_mean_clv_amount,
        {{ ratio('sums.a_stages', 'sums.a_staged_count') }} as a_mean_stage,
        case when sums.profit_amount > 0 then
            {{ ratio('sums.positive_profit_amount', 'sums.profit_amount') }}
        end as whale_peak_ratio,
        cast(sums.loss_making_units_count as bigint) as loss_making_units_count,
        sums.revenue_amount as ttm_net_revenue_amount,
        sums.profit_amount as ttm_profit_amount,
        metrics.ending_receivables_amount as gross_open_amount,
        cast(metrics.ending_receivables_amount - metrics.ending_current_amount
            as decimal(18,2)) as overdue_amount,
        metrics.dso_countback_days,
        metrics.cei,
        bridges.nrr,
        bridges.grr,
        {{ ratio('erosion.a_retained_amount', 'erosion.a_opening_amount') }} as a_grr,
        {{ ratio('erosion.base_retained_amount', 'erosion.base_opening_amount') }} as base_grr,
        variations.a_revenue_variation_ratio,
        variations.base_revenue_variation_ratio,
        coalesce(erosion.is_base_eroding, false) as is_base_eroding,
        {{ ratio('rises.risen_count', 'rises.b_count') }} as b_to_a_ratio,
        {{ ratio('conversions.candidates_became_a_count', 'conversions.candidates_count') }}
            as candidate_conversion_ratio,
        {{ multiply_divide('conversions.candidates_became_a_count', 'conversions.others_count',
            'conversions.candidates_count * conversions.others_became_a_count', 6) }}
            as candidate_lift,
        {{ ratio('churned.came_back_count', 'churned.churned_count') }} as false_churn_ratio,
        {{ ratio('explained.complete_count', 'explained.losses_count') }}
            as post_mortem_complete_ratio,
        cast(referred.reached_a_count as bigint) as referrals_to_a_count,
        {{ known_or_null(is_present('crm_activities'),
            ratio('touches.digital_touches_count', 'touches.touches_count'), 'decimal(18,6)') }}
            as digital_touch_ratio,
        {{ known_or_null(is_present('crm_activities'),
            ratio('touches.visits_count', 'touches.won_count'), 'decimal(18,6)') }}
            as visits_per_won_order,
        {{ ratio('sums.known_inputs_count', 'sums.asked_inputs_count') }}
            as manual_coverage_ratio,
        sums.positive_profit_amount = 0 as has_no_positive_profit
    from months
    inner join sums on sums.month_end = months.month_end
    left join metrics on metrics.as_of_date = months.month_end
    left join bridges on bridges.month_end = months.month_end
    left join erosion on erosion.month_end = months.month_end
    left join variations on variations.month_end = months.month_end
    left join touches on touches.month_end = months.month_end
    left join rises on rises.month_number = months.month_number
    left join conversions on conversions.month_number = months.month_number
    left join churned on churned.as_of_date = months.opening_to
    left join explained on explained.month_end = months.month_end
    left join referred on referred.month_end = months.month_end
)

select * from final
