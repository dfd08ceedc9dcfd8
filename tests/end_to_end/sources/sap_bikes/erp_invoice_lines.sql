-- The amounts of an item are those of one unit.
select
    SALESORDERID || '-' || SALESORDERITEM as invoice_line_id,
    SALESORDERID as invoice_id,
    PRODUCTID as product_id,
    QUANTITY as quantity,
    cast(cast(NETAMOUNT as decimal(14,4)) * cast(QUANTITY as integer) as decimal(18,2))
        as net_amount
from read_csv(getvariable('data') || '/bikes/SalesOrderItems.csv', all_varchar = true)
