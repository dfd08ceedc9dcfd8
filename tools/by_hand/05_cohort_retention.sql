-- Customers by the month of their first purchase, month by month.
create table marts.cohort_retention as
with members as (
    select
        accounts.customer_key,
        cast(date_trunc('month', min(purchases.first_purchase_date)) as date) as cohort_month,
        coalesce(
            min(purchases.first_purchase_date) <= any_value(bounds.first_date) + 60
            or (min(accounts.created_on) < any_value(bounds.first_date)
                and min(purchases.first_purchase_date)
                    < any_value(bounds.first_date) + interval 12 month), false
        ) as is_legacy_cohort
    from staging.accounts
    left join staging.purchases using (account_id)
    cross join (select any_value(first_date) as first_date from staging.months) as bounds
    where not accounts.is_internal
    group by accounts.customer_key
    having count(purchases.account_id) > 0
),

-- Credits before the first purchase belong to its month.
customer_months as (
    select
        members.customer_key,
        members.cohort_month,
        members.is_legacy_cohort,
        greatest(date_diff('month', members.cohort_month, sales.month_start), 0) as month_index,
        sum(sales.net_amount) as revenue_amount,
        sum(purchases.purchase_days) as purchase_days
    from members
    join staging.accounts on accounts.customer_key = members.customer_key
        and not accounts.is_internal
    join (
        select account_id, month_start, sum(net_amount) as net_amount
        from staging.sales
        group by all
    ) as sales on sales.account_id = accounts.account_id
    left join staging.purchases
        on purchases.account_id = sales.account_id and purchases.month_start = sales.month_start
    group by all
),

cells as (
    select
        cohort_month,
        is_legacy_cohort,
        month_index,
        sum(revenue_amount) as revenue_amount,
        count(*) filter (where purchase_days > 0) as active_customers_count
    from customer_months
    group by all
),

settled as (
    select
        cohort_month,
        is_legacy_cohort,
        count(*) filter (where is_settled) as settled_customers_count
    from (
        select
            customer_key,
            cohort_month,
            is_legacy_cohort,
            sum(purchase_days) >= 4
                and sum(purchase_days) filter (where month_index >= 13) > 0 as is_settled
        from customer_months
        where month_index <= 24
        group by all
    )
    group by all
),

grid as (
    select
        cohorts.*,
        date_diff('month', cohorts.cohort_month, months.month_start) as month_index
    from (
        select cohort_month, is_legacy_cohort, count(*) as cohort_size_count
        from members
        group by all
    ) as cohorts
    join staging.months on months.month_start >= cohorts.cohort_month
)

select
    grid.cohort_month,
    grid.month_index,
    grid.cohort_size_count,
    coalesce(cells.active_customers_count, 0) as active_customers_count,
    cast(coalesce(cells.active_customers_count, 0) / grid.cohort_size_count as decimal(18,6))
        as retention_ratio,
    cast(coalesce(cells.revenue_amount, 0) as decimal(18,2)) as revenue_amount,
    cast(sum(coalesce(cells.revenue_amount, 0)) over (
        partition by grid.cohort_month, grid.is_legacy_cohort order by grid.month_index
    ) as decimal(18,2)) as cumulative_revenue_amount,
    case when grid.month_index = 24 then coalesce(settled.settled_customers_count, 0) end
        as settled_customers_count,
    grid.is_legacy_cohort
from grid
left join cells using (cohort_month, is_legacy_cohort, month_index)
left join settled using (cohort_month, is_legacy_cohort);
