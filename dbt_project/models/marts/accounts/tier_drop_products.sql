with events as (
    select * from {{ ref('tier_events') }}
    where event_type in ('drop', 'lapsed', 'watch') and profit_prior_amount is not null
),

families as (select * from {{ ref('int_tiers__family_changes') }}),

final as (
    select
        events.event_key,
        events.tier_unit_id,
        events.effective_date,
        families.product_family,
        families.prior_profit_amount as profit_prior_amount,
        families.current_profit_amount as profit_current_amount,
        families.volume_amount,
        families.list_price_amount,
        families.discount_amount,
        families.unit_cost_amount,
        families.lost_product_amount,
        families.new_product_amount,
        families.unexplained_amount,
        families.total_change_amount,
        families.last_sold_date as last_order_date
    from events
    inner join families
        on families.effective_date = events.effective_date
        and families.tier_unit_id = events.tier_unit_id
)

select * from final
