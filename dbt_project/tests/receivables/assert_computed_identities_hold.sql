-- I2, I4, I9: what we compute must agree with itself on every day (ruling 21); the customer's own
-- control account is told about, not tested. Red by one item lost between balances and aging.
select * from {{ ref('receivables_reconciliation') }}
where check_name <> 'general_ledger'
    and check_status = 'different'
