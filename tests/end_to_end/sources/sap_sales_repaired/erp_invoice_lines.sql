-- The decimal comma is repaired; the items without an order are not.
select
    SALESORDERID || '-' || SALESORDERITEM as invoice_line_id,
    SALESORDERID as invoice_id,
    PRODUCTID as product_id,
    QUANTITY as quantity,
    cast(cast(replace(NETAMOUNT, ',', '.') as decimal(14,4)) * cast(QUANTITY as integer)
        as decimal(18,2)) as net_amount
from read_csv(getvariable('data') || '/sales/SalesOrderItems.csv', all_varchar = true, delim = ';')
