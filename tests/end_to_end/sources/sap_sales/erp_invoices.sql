-- What a careless mapping does: columns are renamed and nothing else is.
select
    SALESORDERID as invoice_id,
    PARTNERID as account_id,
    'invoice' as document_type,
    CREATEDAT as invoice_date,
    CURRENCY as currency_code,
    GROSSAMOUNT as gross_amount
from read_csv(getvariable('data') || '/sales/SalesOrders.csv', all_varchar = true, delim = ';')
