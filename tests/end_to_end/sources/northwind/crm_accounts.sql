select
    customer_id as account_id,
    company_name as account_name,
    country as region,
    'direct' as channel
from read_csv(getvariable('data') || '/customers.csv', all_varchar = true)
