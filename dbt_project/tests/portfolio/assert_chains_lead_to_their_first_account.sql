-- A chain is one step longer than that of its source and ends where that ends; a source without a
-- chain is the first. No chain leads back, and every source that leads somewhere is there.
-- Red by a chain that skips its source, or by a chain of no step, or by a referral that is missing, or by an account that brought itself.
with edges as (select * from {{ ref('int_referrals__edges') }}),

referrals as (select * from {{ ref('referrals') }}),

steps as (
    select
        edges.node as account_id,
        edges.parent as source_account_id,
        referrals.account_id is not null as is_told,
        referrals.source_account_id as told_source_id,
        referrals.root_account_id,
        referrals.chain_length_count,
        source_edges.node is not null as is_source_referred,
        sources.account_id is not null as is_source_told,
        sources.root_account_id as source_root_id,
        sources.chain_length_count as source_chain_count
    from edges
    left join referrals on referrals.account_id = edges.node
    left join edges as source_edges on source_edges.node = edges.parent
    left join referrals as sources on sources.account_id = edges.parent
)

select * from steps
where (case
    when is_told and is_source_told then
        told_source_id = source_account_id
        and root_account_id = source_root_id
        and chain_length_count = source_chain_count + 1
    when is_told then
        told_source_id = source_account_id
        and root_account_id = source_account_id
        and chain_length_count = 1
        and account_id <> source_account_id
    -- On a circle, so its source is on it as well.
    when not is_told then is_source_referred and not is_source_told
end) is not true
