select
    SALESORDERID || '-' || SALESORDERITEM as invoice_line_id,
    SALESORDERID as invoice_id,
    PRODUCTID as product_id,
    QUANTITY as quantity,
    NETAMOUNT as net_amount
from read_csv(getvariable('data') || '/sales/SalesOrderItems.csv', all_varchar = true, delim = ';')
