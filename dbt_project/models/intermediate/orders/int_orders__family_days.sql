-- The purchases of each product family by a customer, a day being one purchase, and how price,
-- returns and deliveries of the family changed from one to the next. What a customer gives back of
-- a family, up to the day before it buys that family again, is of its latest purchase.
with lines as (select * from {{ ref('int_orders__completed_lines') }}),

days as (
    select
        customer_key,
        product_family,
        order_date,
        max(case when not is_return then 1 else 0 end) as purchases_count,
        sum(case when not is_return then net_amount else 0 end) as bought_amount,
        sum(case when is_return then abs(net_amount) else 0 end) as returned_amount,
        sum(case when not is_return and quantity > 0 then net_amount else 0 end) as priced_amount,
        sum(case when not is_return and quantity > 0 then quantity else 0 end) as priced_quantity,
        sum(case when not is_return and is_due then 1 else 0 end) as lines_due_count,
        sum(case when not is_return and is_on_time_in_full then 1 else 0 end) as lines_otif_count
    from lines
    group by customer_key, product_family, order_date
),

numbered as (
    select
        days.*,
        sum(purchases_count) over (
            partition by customer_key, product_family order by order_date
        ) as purchase_number
    from days
),

purchases as (
    select
        customer_key,
        product_family,
        purchase_number,
        min(order_date) as order_date,
        sum(bought_amount) as bought_amount,
        sum(returned_amount) as returned_amount,
        sum(priced_amount) as priced_amount,
        sum(priced_quantity) as priced_quantity,
        sum(lines_due_count) as lines_due_count,
        sum(lines_otif_count) as lines_otif_count
    from numbered
    where purchase_number > 0
    group by customer_key, product_family, purchase_number
),

compared as (
    select
        purchases.*,
        lag(bought_amount) over by_family as bought_before,
        lag(returned_amount) over by_family as returned_before,
        lag(priced_amount) over by_family as priced_before,
        lag(priced_quantity) over by_family as quantity_before,
        lag(lines_due_count) over by_family as due_before,
        lag(lines_otif_count) over by_family as otif_before
    from purchases
    window by_family as (partition by customer_key, product_family order by purchase_number)
),

final as (
    select
        customer_key,
        product_family,
        order_date,
        cast(purchase_number as bigint) as purchase_number,
        {{ unit_price_change('priced_amount', 'priced_quantity', 'priced_before', 'quantity_before') }}
            as unit_price_change_ratio,
        {{ ratio_difference('returned_amount', 'bought_amount', 'returned_before', 'bought_before') }}
            as return_change_ratio,
        {{ ratio_difference('lines_otif_count', 'lines_due_count', 'otif_before', 'due_before') }}
            as otif_change_ratio
    from compared
)

select * from final
