select
    o_orderkey as invoice_id,
    'C' || lpad(o_custkey, 6, '0') as account_id,
    'invoice' as document_type,
    o_orderdate as invoice_date,
    o_totalprice as gross_amount
from read_csv(getvariable('data') || '/orders.csv', all_varchar = true)
