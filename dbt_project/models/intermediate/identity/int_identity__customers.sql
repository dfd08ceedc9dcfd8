-- Account -> customer: the survivor of merges, then the smallest that shares its tax id (ruling 6).
with recursive accounts as (select * from {{ ref('int_identity__accounts') }}),

merges as (select * from {{ ref('int_identity__merges') }}),

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

final as (
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
)

select * from final
