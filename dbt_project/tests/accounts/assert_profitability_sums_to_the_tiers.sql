-- I43: the accounts of a unit add up to its revenue and profit in the tiers, by the measure of the
-- month-end. Red by a sale that belongs to no account, or by a gross profit that no tier has.
with accounts as (
    select
        month_end,
        tier_unit_id,
        sum(net_sales_current_amount) as net_amount,
        sum(gross_profit_amount) as gross_profit_amount,
        sum(contribution_profit_amount) as contribution_profit_amount
    from {{ ref('account_profitability') }}
    group by month_end, tier_unit_id
),

tiers as (
    select
        month_end,
        tier_unit_id,
        ttm_net_revenue_amount,
        ttm_profit_amount,
        measure_used
    from {{ ref('account_tiers') }}
),

joined as (
    select
        coalesce(tiers.month_end, accounts.month_end) as month_end,
        coalesce(tiers.tier_unit_id, accounts.tier_unit_id) as tier_unit_id,
        coalesce(accounts.net_amount, 0) as net_amount,
        coalesce(tiers.ttm_net_revenue_amount, 0) as ttm_net_revenue_amount,
        coalesce(case tiers.measure_used
            when 'net_revenue' then accounts.net_amount
            when 'gross_profit' then accounts.gross_profit_amount
            when 'contribution_profit' then accounts.contribution_profit_amount
        end, 0) as profit_amount,
        coalesce(tiers.ttm_profit_amount, 0) as ttm_profit_amount
    from accounts
    full outer join tiers
        on tiers.month_end = accounts.month_end and tiers.tier_unit_id = accounts.tier_unit_id
)

select * from joined
where (net_amount = ttm_net_revenue_amount and profit_amount = ttm_profit_amount) is not true
