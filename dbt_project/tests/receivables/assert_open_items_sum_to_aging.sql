-- I1: the open items of D are the aging of D, account by account.
-- Red by an open item whose account is missing from the aging.
with items as (
    select account_id, sum(open_amount) as open_amount, count(*) as items_count
    from {{ ref('receivables_open_items') }} group by account_id
),

aging as (
    select account_id, gross_open_amount, open_items_count
    from {{ ref('receivables_aging') }} where is_latest
)

select items.account_id, aging.account_id as aging_account_id
from items
full outer join aging on aging.account_id = items.account_id
where (
    coalesce(items.open_amount, 0) = coalesce(aging.gross_open_amount, 0)
    and coalesce(items.items_count, 0) = coalesce(aging.open_items_count, 0)
) is not true
