-- Every account of the aging is watched, and no more cash is old than lies unapplied.
-- Red by an account that is not watched, or by more old cash than there is cash.
with aging as (
    select as_of_date, account_id, unapplied_cash_amount
    from {{ ref('receivables_aging') }}
    {%- if not is_present('erp_payments') %} where false{% endif %}
),

watched as (
    select as_of_date, account_id, unapplied_over_30d_amount from {{ ref('cash_control') }}
)

select aging.as_of_date, aging.account_id, watched.account_id as watched_account_id
from aging
full outer join watched
    on watched.as_of_date = aging.as_of_date and watched.account_id = aging.account_id
where (watched.unapplied_over_30d_amount <= greatest(aging.unapplied_cash_amount, 0)) is not true
