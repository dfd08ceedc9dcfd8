-- What each account bought of products that were made for somebody, by whom they were made for and
-- month.
with lines as (select * from {{ ref('int_revenue__lines') }}),

products as (
    select * from {{ ref('stg_erp__products') }} where origin_account_id is not null
),

final as (
    select
        lines.account_id,
        products.origin_account_id,
        lines.month_start,
        {{ money_sum('lines.net_amount') }} as net_amount
    from lines
    inner join products on products.product_id = lines.product_id
    group by lines.account_id, products.origin_account_id, lines.month_start
)

select * from final
