-- What each account bought and earned us since its first line; profit is null unless every cost is known.
with account_months as (select * from {{ ref('int_revenue__account_months') }}),

sums as (
    select
        account_id,
        {{ money_sum('net_amount') }} as net_amount,
        {{ money_sum('costed_net_amount - cost_amount') }} as profit_amount,
        sum(absolute_net_amount) = sum(absolute_costed_net_amount) as is_cost_known,
        min(first_purchase_date) as first_purchase_date,
        max(last_purchase_date) as last_purchase_date
    from account_months
    group by account_id
),

final as (
    select
        account_id,
        net_amount as lifetime_net_revenue_amount,
        case when is_cost_known then profit_amount end as lifetime_profit_amount,
        first_purchase_date,
        last_purchase_date
    from sums
)

select * from final
