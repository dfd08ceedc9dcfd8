-- Discount and growth of each account, the last twelve months against the twelve before (semantics
-- 3.11). Limits are tested on the amounts, before a ratio is rounded.
with windows as (select * from {{ ref('int_profitability__windows') }}),

tolerances as ({{ dated_rule('discount_rate_tolerance') }}),

coverages as ({{ dated_rule('minimum_list_price_coverage') }}),

-- A list price counts as known when the lines have it, or channel peers paid one, for as much of
-- the sales as the rule asks for; an empty window has nothing unknown.
known as (
    select
        windows.*,
        tolerances.amount as tolerance,
        {%- for side in ['current', 'prior'] %}
        {{ 'windows.is_prior_known and ' if side == 'prior' }}
        windows.{{ side }}_unpriced_sales_amount
            <= cast(windows.{{ side }}_absolute_net_amount as decimal(24,2)) * (1 - coverages.amount)
            as is_{{ side }}_list_known
        {{- ',' if not loop.last }}
        {%- endfor %}
    from windows
    inner join tolerances
        on tolerances.valid_from <= windows.month_end
        and tolerances.valid_until > windows.month_end
    inner join coverages
        on coverages.valid_from <= windows.month_end
        and coverages.valid_until > windows.month_end
),

listed as (
    select
        known.*,
        {%- for side in ['current', 'prior'] %}
        case when is_{{ side }}_list_known then {{ side }}_list_amount end as {{ side }}_list,
        case when is_{{ side }}_list_known then
            cast({{ side }}_list_amount - {{ side }}_listed_net_amount as decimal(18,2))
        end as {{ side }}_discount
        {{- ',' if not loop.last }}
        {%- endfor %}
    from known
),

rated as (
    select
        listed.*,
        current_list > 0 and prior_list > 0 as is_comparable,
        case when current_list > 0 and prior_list > 0 then
            {{ is_difference_within('current_discount', 'current_list', 'prior_discount',
                'prior_list', 'tolerance') }}
        end as is_rate_held
    from listed
),

classed as (
    select
        rated.*,
        case
            when current_list is null or prior_list is null then null
            when prior_net_amount <= 0 and current_list > 0 then 'new'
            when prior_net_amount > 0 and current_list <= 0 then 'lost'
            when prior_net_amount <= 0 then null
            when current_net_amount > prior_net_amount and is_rate_held then 'healthy_growth'
            when current_net_amount > prior_net_amount and not is_rate_held then 'bought_growth'
            when current_net_amount <= prior_net_amount and is_rate_held then 'declining'
            when current_net_amount <= prior_net_amount and not is_rate_held then 'eroding'
        end as growth_quality
    from rated
),

final as (
    select
        month_end,
        account_id,
        tier_unit_id,
        is_prior_known,
        {%- for side in ['current', 'prior'] %}
        {{ side }}_net_amount,
        {{ side }}_absolute_net_amount,
        {{ side }}_listed_net_amount,
        {{ side }}_unlisted_net_amount,
        {{ side }}_unpriced_net_amount,
        {{ side }}_list as {{ side }}_list_amount,
        {{ side }}_discount as {{ side }}_discount_amount,
        case when {{ side }}_list > 0 then
            {{ ratio(side ~ '_discount', side ~ '_list') }}
        end as {{ side }}_discount_ratio,
        {%- endfor %}
        case when is_comparable then
            {{ ratio_difference('current_discount', 'current_list', 'prior_discount',
                'prior_list') }}
        end as discount_change_ratio,
        growth_quality,
        absolute_costed_net_amount,
        service_net_amount,
        gross_profit_amount,
        cost_to_serve_amount,
        freight_amount,
        orders_count,
        shipped_orders_count,
        freights_count,
        gaps_count,
        gap_days,
        squared_gap_days
    from classed
)

select * from final
