-- Northwind has no invoices: an order is taken as one, without tax.
with lines as (
    select
        order_id,
        sum(cast(
            cast(unit_price as decimal(10,4)) * cast(quantity as integer)
            * (1 - cast(discount as decimal(5,4)))
        as decimal(18,2))) as net_amount
    from read_csv(getvariable('data') || '/order_details.csv', all_varchar = true)
    group by order_id
)

select
    orders.order_id as invoice_id,
    orders.customer_id as account_id,
    'invoice' as document_type,
    orders.order_date as invoice_date,
    lines.net_amount as gross_amount
from read_csv(getvariable('data') || '/orders.csv', all_varchar = true) as orders
left join lines using (order_id)
