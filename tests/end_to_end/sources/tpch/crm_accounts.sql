select
    'C' || lpad(c_custkey, 6, '0') as account_id,
    c_name as account_name,
    n_name as region,
    lower(c_mktsegment) as channel
from read_csv(getvariable('data') || '/customer.csv', all_varchar = true) as customer
inner join read_csv(getvariable('data') || '/nation.csv', all_varchar = true) as nation
    on n_nationkey = c_nationkey
