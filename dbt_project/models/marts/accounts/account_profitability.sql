{%- set products_known = is_present('erp_products') -%}
{%- set orders_known = is_present('erp_orders') -%}
with growth as (select * from {{ ref('int_profitability__growth') }}),

slopes as (select * from {{ ref('int_profitability__order_slopes') }}),

payments as (select * from {{ ref('payment_behaviour') }}),

rated_months as (select * from {{ ref('int_costs__rated_months') }}),

custom_sales as (select * from {{ ref('int_profitability__custom_sales') }}),

-- Where no product names an origin, nobody says for whom products were made.
origins as (
    select count(origin_account_id) as origins_count from {{ ref('stg_erp__products') }}
),

final as (
    select
        growth.month_end,
        growth.account_id,
        growth.tier_unit_id,
        case when growth.is_prior_known then growth.prior_net_amount end as net_sales_prior_amount,
        growth.current_net_amount as net_sales_current_amount,
        case when growth.is_prior_known and growth.prior_net_amount > 0 then
            {{ ratio('growth.current_net_amount - growth.prior_net_amount',
                'growth.prior_net_amount') }}
        end as net_growth_ratio,
        growth.prior_list_amount as list_sales_prior_amount,
        growth.current_list_amount as list_sales_current_amount,
        growth.prior_discount_ratio,
        growth.current_discount_ratio,
        growth.discount_change_ratio,
        case when growth.prior_list_amount > 0 and growth.current_list_amount > growth.prior_list_amount then
            {{ ratio('growth.current_discount_amount - growth.prior_discount_amount',
                'growth.current_list_amount - growth.prior_list_amount') }}
        end as incremental_discount_ratio,
        growth.growth_quality,
        growth.current_unlisted_net_amount > growth.current_unpriced_net_amount
            or (growth.is_prior_known
                and growth.prior_unlisted_net_amount > growth.prior_unpriced_net_amount)
            as is_list_price_imputed,
        case when growth.current_list_amount > 0 then
            {{ ratio('growth.current_listed_net_amount', 'growth.current_list_amount') }}
        end as price_realisation_ratio,
        {%- if products_known %}
        case when growth.current_net_amount > 0 then
            {{ ratio('growth.service_net_amount', 'growth.current_net_amount') }}
        end as service_revenue_ratio,
        {%- else %}
        cast(null as decimal(18,6)) as service_revenue_ratio,
        {%- endif %}
        cast(growth.current_net_amount - growth.gross_profit_amount as decimal(18,2))
            as cogs_amount,
        cast(growth.gross_profit_amount as decimal(18,2)) as gross_profit_amount,
        growth.cost_to_serve_amount,
        cast(growth.gross_profit_amount - growth.cost_to_serve_amount as decimal(18,2))
            as contribution_profit_amount,
        case when growth.current_net_amount > 0 then
            {{ ratio('growth.gross_profit_amount - growth.cost_to_serve_amount',
                'growth.current_net_amount') }}
        end as contribution_margin_ratio,
        case when growth.current_net_amount > 0 then
            {{ ratio('growth.cost_to_serve_amount', 'growth.current_net_amount') }}
        end as cost_to_serve_ratio,
        {{ multiply_divide('growth.cost_to_serve_amount', '1', 'growth.orders_count') }}
            as cost_per_order_amount,
        case when rated_months.is_window_rated then slopes.cost_per_order_slope_amount
        end as cost_per_order_slope_amount,
        {%- if orders_known %}
        growth.orders_count,
        {{ multiply_divide('growth.current_net_amount', '1', 'growth.orders_count') }}
            as average_order_amount,
        {%- else %}
        cast(null as bigint) as orders_count,
        cast(null as decimal(18,2)) as average_order_amount,
        {%- endif %}
        -- sqrt(n S2 - S^2) / S, with eight places under the root.
        case when growth.gaps_count >= 2 then
            {{ multiply_divide(
                square_root('(cast(growth.gaps_count * growth.squared_gap_days'
                    ~ ' - growth.gap_days * growth.gap_days as decimal(21,0))'
                    ~ " * cast('10000000000000000' as decimal(17,0)))"),
                '1', 'cast(growth.gap_days as decimal(18,0)) * 100000000', 6) }}
        end as gap_variation_ratio,
        payments.financing_cost_amount,
        {{ ratio('growth.absolute_costed_net_amount', 'growth.current_absolute_net_amount') }}
            as cost_coverage_ratio,
        {{ ratio('growth.current_absolute_net_amount - growth.current_unlisted_net_amount',
            'growth.current_absolute_net_amount') }} as list_price_coverage_ratio,
        growth.freight_amount,
        {%- if orders_known %}
        {{ ratio('growth.freights_count', 'growth.shipped_orders_count') }}
            as freight_coverage_ratio,
        {%- else %}
        cast(null as decimal(18,6)) as freight_coverage_ratio,
        {%- endif %}
        case when origins.origins_count > 0 and growth.current_net_amount > 0 then
            {{ ratio('coalesce(custom_sales.custom_net_amount, 0)', 'growth.current_net_amount') }}
        end as custom_revenue_ratio
    from growth
    left join origins on true
    inner join rated_months on rated_months.month_end = growth.month_end
    left join payments
        on payments.as_of_date = growth.month_end and payments.account_id = growth.account_id
    left join custom_sales
        on custom_sales.month_end = growth.month_end
        and custom_sales.account_id = growth.account_id
    left join slopes
        on slopes.month_end = growth.month_end and slopes.account_id = growth.account_id
)

select * from final
