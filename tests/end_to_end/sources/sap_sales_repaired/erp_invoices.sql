-- Dates are repaired; the double ids and the dates in the future are not.
select
    SALESORDERID as invoice_id,
    PARTNERID as account_id,
    'invoice' as document_type,
    strptime(CREATEDAT, '%Y%m%d')::date as invoice_date,
    CURRENCY as currency_code,
    GROSSAMOUNT as gross_amount,
    case LIFECYCLESTATUS when 'X' then 'void' else 'posted' end as status
from read_csv(getvariable('data') || '/sales/SalesOrders.csv', all_varchar = true, delim = ';')
