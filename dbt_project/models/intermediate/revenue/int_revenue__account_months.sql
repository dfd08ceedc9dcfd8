-- Revenue, cost and purchases by account and month with anything in it.
with line_groups as (select * from {{ ref('int_revenue__line_groups') }}),

purchases as (select * from {{ ref('int_revenue__purchases') }}),

revenue as (
    select
        account_id,
        month_start,
        sum(lines_count) as lines_count,
        cast(sum(quantity) as decimal(18,4)) as quantity,
        {{ money_sum('net_amount') }} as net_amount,
        {{ money_sum('absolute_net_amount') }} as absolute_net_amount,
        {{ money_sum('cost_amount') }} as cost_amount,
        {{ money_sum('costed_net_amount') }} as costed_net_amount,
        {{ money_sum('absolute_costed_net_amount') }} as absolute_costed_net_amount,
        {{ money_sum('list_amount') }} as list_amount,
        {{ money_sum('listed_net_amount') }} as listed_net_amount,
        {{ money_sum('unlisted_net_amount') }} as unlisted_net_amount,
        {{ money_sum('unpriced_net_amount') }} as unpriced_net_amount,
        {{ money_sum('unpriced_sales_amount') }} as unpriced_sales_amount,
        {{ money_sum('service_net_amount') }} as service_net_amount
    from line_groups
    group by account_id, month_start
),

bought as (
    select
        account_id,
        month_start,
        count(distinct purchase_date) as purchase_days_count,
        min(purchase_date) as first_purchase_date,
        max(purchase_date) as last_purchase_date
    from purchases
    group by account_id, month_start
),

final as (
    select
        revenue.account_id,
        revenue.month_start,
        {{ month_number('revenue.month_start') }} as month_number,
        revenue.lines_count,
        revenue.quantity,
        revenue.net_amount,
        revenue.absolute_net_amount,
        revenue.cost_amount,
        revenue.costed_net_amount,
        revenue.absolute_costed_net_amount,
        revenue.list_amount,
        revenue.listed_net_amount,
        revenue.unlisted_net_amount,
        revenue.unpriced_net_amount,
        revenue.unpriced_sales_amount,
        revenue.service_net_amount,
        coalesce(bought.purchase_days_count, 0) as purchase_days_count,
        bought.first_purchase_date,
        bought.last_purchase_date
    from revenue
    left join bought
        on bought.account_id = revenue.account_id and bought.month_start = revenue.month_start
)

select * from final
