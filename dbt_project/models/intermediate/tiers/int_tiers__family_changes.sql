-- The exact, additive split of the profit change of a family (semantics 3.11), in cents. With
-- x at prior prices = x of the prior window x current quantity / prior quantity:
-- volume = profit at prior prices - prior profit, list_price = list - list at prior prices, and so on.
with windows as (select * from {{ ref('int_tiers__family_windows') }}),

-- Where neither the lines nor channel peers have a list price, in either window, the net price
-- stands for it, so there is no discount.
priced as (
    select
        windows.*,
        {%- for side in ['prior', 'current'] %}
        case when has_unpriced then {{ side }}_split_net_amount else {{ side }}_split_list_amount
        end as {{ side }}_list_amount,
        case when has_unpriced then 0
            else {{ side }}_split_list_amount - {{ side }}_split_net_amount
        end as {{ side }}_discount_amount,
        {{ side }}_split_net_amount - {{ side }}_split_cost_amount as {{ side }}_split_profit_amount,
        {%- endfor %}
        is_in_prior and is_in_current and prior_quantity > 0 and current_quantity > 0 as is_split
    from windows
),

repriced as (
    select
        priced.*,
        {%- for part in ['list', 'discount'] %}
        {{ multiply_divide('prior_' ~ part ~ '_amount', 'current_quantity', 'prior_quantity') }}
            as {{ part }}_at_prior_amount,
        {%- endfor %}
        {{ multiply_divide('prior_split_cost_amount', 'current_quantity', 'prior_quantity') }}
            as cost_at_prior_amount
    from priced
),

parts as (
    select
        repriced.*,
        case when is_split then
            list_at_prior_amount - discount_at_prior_amount - cost_at_prior_amount
            - prior_split_profit_amount
        else 0 end as volume_amount,
        case when is_split then current_list_amount - list_at_prior_amount else 0 end
            as list_price_amount,
        case when is_split then discount_at_prior_amount - current_discount_amount else 0 end
            as discount_amount,
        case when is_split then cost_at_prior_amount - current_split_cost_amount else 0 end
            as unit_cost_amount,
        case when not is_in_current then -prior_profit_amount else 0 end as lost_product_amount,
        case when not is_in_prior then current_profit_amount else 0 end as new_product_amount
    from repriced
),

final as (
    select
        effective_date,
        tier_unit_id,
        product_family,
        prior_profit_amount,
        current_profit_amount,
        cast(volume_amount as decimal(18,2)) as volume_amount,
        cast(list_price_amount as decimal(18,2)) as list_price_amount,
        cast(discount_amount as decimal(18,2)) as discount_amount,
        cast(unit_cost_amount as decimal(18,2)) as unit_cost_amount,
        cast(lost_product_amount as decimal(18,2)) as lost_product_amount,
        cast(new_product_amount as decimal(18,2)) as new_product_amount,
        -- Whatever cannot be split: lines without product or quantity, and returns only.
        cast(
            current_profit_amount - prior_profit_amount - volume_amount - list_price_amount
            - discount_amount - unit_cost_amount - lost_product_amount - new_product_amount
        as decimal(18,2)) as unexplained_amount,
        cast(current_profit_amount - prior_profit_amount as decimal(18,2)) as total_change_amount,
        is_split and has_unlisted and not has_unpriced as is_list_price_imputed,
        last_sold_date
    from parts
)

select * from final
