with annual_profits as (select * from {{ ref('int_value__annual_profits') }}),

churn as (select * from {{ ref('int_value__churn') }}),

config as ({{ dated_config('value_config') }}),

-- Churn as two whole numbers, in parts of 10,000: so fine are the prior and the floor.
smoothed as (
    select
        annual_profits.*,
        config.discount_rate,
        config.rank_gap,
        cast(config.churn_floor * 10000 as bigint) as floor_parts,
        cast((coalesce(churn.churned_units_count, 0) + config.prior_churned) * 10000 as bigint)
            as churned_parts,
        cast((coalesce(churn.opening_units_count, 0) + config.prior_churned
            + config.prior_retained) * 10000 as bigint) as units_parts
    from annual_profits
    inner join config
        on config.valid_from <= annual_profits.month_end
        and config.valid_until > annual_profits.month_end
    left join churn
        on churn.month_end = annual_profits.month_end
        and churn.tier = annual_profits.tier
        and churn.channel = annual_profits.channel
),

-- The floor holds for the churn and for half of it.
floored as (
    select
        smoothed.*,
        {%- for used, factor in [('used', 1), ('half', 2)] %}
        case
            when churned_parts * 10000 < floor_parts * units_parts * {{ factor }} then floor_parts
            else churned_parts
        end as {{ used }}_churned_parts,
        case
            when churned_parts * 10000 < floor_parts * units_parts * {{ factor }} then 10000
            else units_parts * {{ factor }}
        end as {{ used }}_units_parts{{ ',' if not loop.last }}
        {%- endfor %}
    from smoothed
),

valued as (
    select
        floored.*,
        {{ ltv_simple('annual_profit_amount', 'used_churned_parts', 'used_units_parts') }}
            as ltv_simple_amount,
        {{ clv_with_current_year('annual_profit_amount', 'used_churned_parts',
            'used_units_parts', 'discount_rate') }} as clv_incl_current_year_amount,
        {{ clv_future('annual_profit_amount', 'used_churned_parts', 'used_units_parts',
            'discount_rate') }} as clv_future_amount,
        {{ clv_future('annual_profit_amount', 'half_churned_parts', 'half_units_parts',
            'discount_rate') }} as clv_half_churn_amount
    from floored
),

ranked as (
    select
        valued.*,
        rank() over (partition by month_end order by clv_future_amount desc) as clv_rank,
        rank() over (partition by month_end order by current_year_profit_amount desc)
            as current_year_profit_rank,
        count(*) over (partition by month_end) as units_count
    from valued
),

final as (
    select
        month_end,
        tier_unit_id,
        annual_profit_amount,
        current_year_profit_amount,
        {{ ratio('churned_parts', 'units_parts') }} as segment_churn_ratio,
        {{ ratio('used_churned_parts', 'used_units_parts') }} as churn_used_ratio,
        {{ ratio('used_units_parts', 'used_churned_parts') }} as expected_lifetime_years,
        ltv_simple_amount,
        clv_incl_current_year_amount,
        clv_future_amount,
        clv_half_churn_amount,
        cast(discount_rate as decimal(18,6)) as discount_rate_ratio,
        cast(clv_rank as bigint) as clv_rank,
        cast(current_year_profit_rank as bigint) as current_year_profit_rank,
        cast(coalesce({{ ratio('current_year_profit_rank - clv_rank', 'units_count - 1') }}, 0)
            as decimal(18,6)) as rank_gap_ratio,
        units_count > 1
            and abs(current_year_profit_rank - clv_rank) >= rank_gap * (units_count - 1)
            as is_rank_gap_large,
        is_short_history
    from ranked
)

select * from final
