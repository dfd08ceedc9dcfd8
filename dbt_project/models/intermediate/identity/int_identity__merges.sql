-- Which account was merged into which: edges to walk along.
with accounts as (select * from {{ ref('int_identity__accounts') }}),

final as (
    select
        accounts.epoch_date,
        accounts.account_id as node,
        accounts.merged_into_account_id as parent
    from accounts
    inner join accounts as survivor
        on survivor.epoch_date = accounts.epoch_date
        and survivor.account_id = accounts.merged_into_account_id
    where accounts.merged_into_account_id <> accounts.account_id
)

select * from final
