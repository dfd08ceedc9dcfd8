-- The way from each referred account to the first of its chain. Accounts that brought each other in
-- a circle came through nobody and have no row; a chain into a circle ends at the first of it.
with recursive edges as (select * from {{ ref('int_referrals__edges') }}),

{{ walk_to_roots('referral', 'edges') }},

final as (
    select
        edges.node as account_id,
        edges.parent as source_account_id,
        referral_roots.root as root_account_id,
        min(referral_walk.depth) as chain_length_count
    from edges
    inner join referral_roots on referral_roots.node = edges.node
    inner join referral_walk
        on referral_walk.node = edges.node and referral_walk.ancestor = referral_roots.root
    group by edges.node, edges.parent, referral_roots.root
)

select * from final
