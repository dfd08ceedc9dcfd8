-- A sales order is taken as an invoice; X is cancelled.
select
    SALESORDERID as invoice_id,
    PARTNERID as account_id,
    'invoice' as document_type,
    strptime(CREATEDAT, '%Y%m%d')::date as invoice_date,
    CURRENCY as currency_code,
    GROSSAMOUNT as gross_amount,
    case LIFECYCLESTATUS when 'X' then 'void' else 'posted' end as status
from read_csv(getvariable('data') || '/bikes/SalesOrders.csv', all_varchar = true)
