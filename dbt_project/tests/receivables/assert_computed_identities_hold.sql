-- I2, I4, I9: what we compute must agree with itself on every day (ruling 21); the customer's own
-- control account is told about, not tested. Red by one item lost between balances and aging.
-- Only the first day has nothing to roll forward from.
with reconciliation as (select * from {{ ref('receivables_reconciliation') }})

select * from reconciliation
where check_name <> 'general_ledger'
    and (check_status = 'ok') is not true
    and (check_name = 'roll_forward' and check_status = 'not_available' and as_of_date = (
        select min(days.as_of_date) from reconciliation as days
        where days.check_name = 'roll_forward'
    )) is not true
