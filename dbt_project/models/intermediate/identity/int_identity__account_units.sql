-- Identity chain: account -> customer -> tier unit, the root of its golden record (ruling 6).
with recursive customers as (select * from {{ ref('int_identity__customers') }}),

parents as (select * from {{ ref('int_identity__parents') }}),

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
