-- The hierarchy of golden records: edges to walk along. An internal parent is no customer, so its
-- child is a root.
with accounts as (select * from {{ ref('int_identity__accounts') }}),

customers as (select * from {{ ref('int_identity__customers') }}),

final as (
    select
        accounts.epoch_date,
        accounts.account_id as node,
        parent.customer_key as parent
    from accounts
    inner join customers as own
        on own.epoch_date = accounts.epoch_date and own.account_id = accounts.account_id
    inner join customers as parent
        on parent.epoch_date = accounts.epoch_date
        and parent.account_id = accounts.parent_account_id
    where own.customer_key = accounts.account_id
        and parent.customer_key <> accounts.account_id
        and not own.is_internal
        and not parent.is_internal
)

select * from final
