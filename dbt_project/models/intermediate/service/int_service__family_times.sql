-- The orders with each product family, by what they took: an order counts in each of its families.
with times as (select * from {{ ref('int_service__order_times') }}),

lines as (
    select * from {{ ref('stg_erp__order_lines') }} where not is_return and net_amount >= 0
),

products as (select * from {{ ref('stg_erp__products') }}),

families as (
    select
        lines.order_id,
        coalesce(products.product_family, 'unknown') as product_family
    from lines
    left join products on products.product_id = lines.product_id
    group by lines.order_id, coalesce(products.product_family, 'unknown')
),

final as (
    select
        times.account_id,
        times.time_kind,
        families.product_family,
        times.month_number,
        times.elapsed_days,
        count(*) as orders_count
    from times
    inner join families on families.order_id = times.order_id
    group by
        times.account_id, times.time_kind, families.product_family, times.month_number,
        times.elapsed_days
)

select * from final
