with chains as (select * from {{ ref('int_referrals__chains') }}),

accounts as (select * from {{ ref('accounts') }}),

final as (
    select
        accounts.as_of_date,
        chains.account_id,
        chains.source_account_id,
        sources.tier_unit_id as source_tier_unit_id,
        chains.root_account_id,
        cast(chains.chain_length_count as bigint) as chain_length_count,
        accounts.tier_unit_id,
        accounts.tier,
        accounts.first_purchase_date,
        -- Nobody brings itself.
        case
            when sources.tier_unit_id = accounts.tier_unit_id then cast(0 as decimal(18,2))
            else accounts.ttm_net_revenue_amount
        end as ttm_net_revenue_amount,
        case
            when sources.tier_unit_id = accounts.tier_unit_id then cast(0 as decimal(18,2))
            else accounts.ttm_profit_amount
        end as ttm_profit_amount,
        sources.tier_unit_id = accounts.tier_unit_id as is_same_unit
    from chains
    inner join accounts on accounts.account_id = chains.account_id
    inner join accounts as sources on sources.account_id = chains.source_account_id
)

select * from final
