with states as (select * from {{ ref('int_tiers__states') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

candidates as (
    select
        month_end,
        tier_unit_id
    from {{ ref('int_candidates__eligible') }}
    where is_candidate
),

losses as (
    select
        tier_unit_id,
        month_number
    from states
    where profit_amount < 0
),

with_losses as (
    select
        states.*,
        states.profit_amount < 0 as is_loss,
        before.tier_unit_id is not null as was_loss
    from states
    left join losses as before
        on before.tier_unit_id = states.tier_unit_id
        and before.month_number = states.month_number - 1
),

rules as ({{ dated_config('candidate_config') }}),

-- A group with a model account: influential as for a candidate, by the rules of the month-end.
reference_units as (
    select
        states.month_end,
        states.tier_unit_id
    from versions
    inner join units on units.account_id = versions.account_id
    inner join states
        on states.tier_unit_id = units.tier_unit_id
        and states.epoch_date = units.epoch_date
        and versions.valid_from <= states.month_end
        and versions.valid_to > states.month_end
    inner join rules
        on rules.valid_from <= states.month_end and rules.valid_until > states.month_end
    where versions.influence_score >= rules.minimum_influence_score
        and versions.influence_rated_on
            > {{ add_months('states.month_end', '-rules.influence_months') }}
        and versions.influence_rated_on <= states.month_end
    group by states.month_end, states.tier_unit_id
),

final as (
    select
        with_losses.month_end,
        with_losses.tier_unit_id,
        with_losses.net_amount as ttm_net_revenue_amount,
        with_losses.profit_amount as ttm_profit_amount,
        with_losses.measure_used,
        {{ ratio('with_losses.absolute_costed_net_amount', 'with_losses.absolute_net_amount') }}
            as cost_coverage_ratio,
        case when with_losses.lines_count > 0 then
            {{ ratio('greatest(with_losses.profit_amount, 0)', 'with_losses.positive_total_amount') }}
        end as profit_share_ratio,
        {{ ratio('with_losses.before_amount', 'with_losses.positive_total_amount') }}
            as cum_share_before_ratio,
        cast(with_losses.profit_rank as bigint) as profit_rank,
        with_losses.tenure_days,
        case
            when with_losses.rating_status = 'INACTIVE' then 'INACTIVE'
            else with_losses.raw_tier
        end as raw_tier,
        case
            when with_losses.rating_status in ('INACTIVE', 'NEW') then with_losses.rating_status
            else with_losses.raw_tier
        end as evaluated_tier,
        with_losses.tier,
        cast(with_losses.down_streak_count as bigint) as down_streak_count,
        with_losses.is_at_risk,
        with_losses.is_loss as is_loss_making,
        with_losses.rating_status <> 'INACTIVE'
            and with_losses.raw_tier in ('A', 'B')
            and with_losses.purchase_months_count = 1 as is_one_off_bulk,
        case
            when with_losses.rating_status = 'INACTIVE' then null
            when with_losses.is_loss then 'C'
            when with_losses.profit_rank
                <= with_losses.count_share_a * with_losses.units_count then 'A'
            when with_losses.profit_rank
                <= with_losses.count_share_b * with_losses.units_count then 'B'
            when with_losses.profit_rank > 0 then 'C'
        end as count_rule_tier,
        case
            when with_losses.rating_status in ('INACTIVE', 'NEW') then with_losses.rating_status
            else with_losses.channel_raw_tier
        end as tier_in_channel,
        case
            when with_losses.tier <> 'C' then null
            when candidates.tier_unit_id is not null then 'grow'
            when not with_losses.is_loss then 'serve_cheap'
            when with_losses.was_loss and reference_units.tier_unit_id is null then 'review_exit'
            when with_losses.is_loss then 'watch_loss'
        end as triage,
        with_losses.tier_config_valid_from
    from with_losses
    left join reference_units
        on reference_units.month_end = with_losses.month_end
        and reference_units.tier_unit_id = with_losses.tier_unit_id
    left join candidates
        on candidates.month_end = with_losses.month_end
        and candidates.tier_unit_id = with_losses.tier_unit_id
)

select * from final
