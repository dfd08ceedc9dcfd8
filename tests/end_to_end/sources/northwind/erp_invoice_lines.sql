-- Prices and discounts are single-precision text: rounded to 4 places, then each line to cents.
select
    order_id || '-' || product_id as invoice_line_id,
    order_id as invoice_id,
    product_id,
    quantity,
    cast(cast(unit_price as decimal(18,4)) * cast(quantity as integer) as decimal(18,2))
        as list_amount,
    cast(
        cast(unit_price as decimal(10,4)) * cast(quantity as integer)
        * (1 - cast(discount as decimal(5,4)))
    as decimal(18,2)) as net_amount
from read_csv(getvariable('data') || '/order_details.csv', all_varchar = true)
