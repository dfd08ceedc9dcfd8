-- Identity chain: account -> customer (merges, then a shared tax id) -> tier unit (ruling 6).
with recursive versions as (select * from {{ ref('stg_crm__account_versions') }}),

epochs as (select * from {{ ref('int_identity__epochs') }}),

accounts as (
    select
        epochs.epoch_date,
        versions.account_id,
        versions.parent_account_id,
        versions.merged_into_account_id,
        versions.tax_id,
        versions.is_internal
    from epochs
    inner join versions
        on versions.valid_from <= epochs.epoch_date and versions.valid_to > epochs.epoch_date
),

merges as (
    select
        accounts.epoch_date,
        accounts.account_id as node,
        accounts.merged_into_account_id as parent
    from accounts
    inner join accounts as survivor
        on survivor.epoch_date = accounts.epoch_date
        and survivor.account_id = accounts.merged_into_account_id
    where accounts.merged_into_account_id <> accounts.account_id
),

{{ walk_to_roots('merge', 'merges') }},

surviving as (
    select
        accounts.epoch_date,
        accounts.account_id,
        accounts.is_internal,
        coalesce(merge_roots.root, accounts.account_id) as survivor_id
    from accounts
    left join merge_roots
        on merge_roots.epoch_date = accounts.epoch_date and merge_roots.node = accounts.account_id
),

-- Among accounts that share a tax id the smallest surviving account id stands for all.
same_tax_id as (
    select
        accounts.epoch_date,
        accounts.tax_id,
        min(surviving.survivor_id) as customer_key
    from accounts
    inner join surviving
        on surviving.epoch_date = accounts.epoch_date and surviving.account_id = accounts.account_id
    where accounts.tax_id is not null and not accounts.is_internal
    group by accounts.epoch_date, accounts.tax_id
),

survivor_keys as (
    select
        surviving.epoch_date,
        surviving.survivor_id,
        min(same_tax_id.customer_key) as customer_key
    from surviving
    inner join accounts
        on accounts.epoch_date = surviving.epoch_date and accounts.account_id = surviving.account_id
    inner join same_tax_id
        on same_tax_id.epoch_date = accounts.epoch_date and same_tax_id.tax_id = accounts.tax_id
    where not accounts.is_internal
    group by surviving.epoch_date, surviving.survivor_id
),

customers as (
    select
        surviving.epoch_date,
        surviving.account_id,
        surviving.is_internal,
        case
            when surviving.is_internal then surviving.account_id
            else coalesce(survivor_keys.customer_key, surviving.survivor_id)
        end as customer_key
    from surviving
    left join survivor_keys
        on survivor_keys.epoch_date = surviving.epoch_date
        and survivor_keys.survivor_id = surviving.survivor_id
),

-- The hierarchy of golden records. An internal parent is no customer, so its child is a root.
parents as (
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
),

{{ walk_to_roots('parent', 'parents') }},

final as (
    select
        customers.epoch_date,
        customers.account_id,
        customers.customer_key,
        coalesce(parent_roots.root, customers.customer_key) as tier_unit_id,
        customers.is_internal
    from customers
    left join parent_roots
        on parent_roots.epoch_date = customers.epoch_date
        and parent_roots.node = customers.customer_key
)

select * from final
