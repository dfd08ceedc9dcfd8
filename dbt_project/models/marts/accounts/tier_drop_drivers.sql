with products as (select * from {{ ref('tier_drop_products') }}),

drivers as (
    {%- for driver in ['volume', 'list_price', 'discount', 'unit_cost', 'lost_product',
        'new_product', 'unexplained'] %}
    select
        event_key,
        tier_unit_id,
        effective_date,
        '{{ driver }}' as driver,
        {{ money_sum(driver ~ '_amount') }} as driver_amount
    from products
    group by event_key, tier_unit_id, effective_date
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        event_key,
        tier_unit_id,
        effective_date,
        driver,
        driver_amount,
        cast(case when driver_amount < 0 then
            rank() over (
                partition by event_key
                order by case when driver_amount < 0 then driver_amount else 0 end
            )
        end as bigint) as negative_rank,
        false as is_list_price_imputed
    from drivers
)

select * from final
