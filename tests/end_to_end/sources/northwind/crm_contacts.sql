-- One contact per customer.
select
    customer_id || '-1' as contact_id,
    customer_id as account_id,
    contact_name,
    true as is_active
from read_csv(getvariable('data') || '/customers.csv', all_varchar = true)
