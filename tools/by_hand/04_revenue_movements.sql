-- The bridge between two years for every customer and month-end, in revenue and in profit.
create table marts.revenue_movements as
with customers as (
    select
        accounts.customer_key,
        any_value(accounts.tier_unit_id) as tier_unit_id,
        min(bought.first_purchase_date) as first_purchase_date,
        min(accounts.created_on) as created_on
    from staging.accounts
    left join (
        select account_id, min(first_purchase_date) as first_purchase_date
        from staging.purchases
        group by account_id
    ) as bought using (account_id)
    where not accounts.is_internal
    group by accounts.customer_key
),

sums as (
    select
        windows.month_end,
        accounts.customer_key,
        sum(windows.net_amount) as revenue_amount,
        sum(windows.profit_amount) as profit_amount
    from staging.windows
    join staging.accounts using (account_id)
    where not accounts.is_internal
    group by all
),

-- A customer is in the bridge of a month-end by its closing window, its opening window, or both.
sides as (
    select months.month_end, sums.customer_key, sums.revenue_amount as closing_revenue,
        sums.profit_amount as closing_profit, 0 as opening_revenue, 0 as opening_profit
    from sums
    join staging.months using (month_end)
    where months.is_bridge_month
    union all
    select months.month_end, sums.customer_key, 0, 0, sums.revenue_amount, sums.profit_amount
    from sums
    join staging.months as before using (month_end)
    join staging.months on months.month_number = before.month_number + 12
    where months.is_bridge_month
),

customer_sides as (
    select month_end, customer_key, sum(closing_revenue) as closing_revenue,
        sum(closing_profit) as closing_profit, sum(opening_revenue) as opening_revenue,
        sum(opening_profit) as opening_profit
    from sides
    group by all
),

books as (
    select month_end, customer_key, 'revenue' as measure, opening_revenue as opening_amount,
        closing_revenue as closing_amount
    from customer_sides
    union all
    select month_end, customer_key, 'profit', opening_profit, closing_profit
    from customer_sides
),

moved as (
    select
        books.month_end,
        books.measure,
        books.customer_key,
        months.opening_from,
        cast(months.window_from - interval 1 day as date) as opening_to,
        months.window_from as closing_from,
        greatest(books.opening_amount, 0) as opening_amount,
        greatest(books.closing_amount, 0) as closing_amount,
        least(books.closing_amount, 0) as credit_only_amount,
        customers.tier_unit_id,
        customers.first_purchase_date,
        coalesce(
            customers.first_purchase_date <= months.first_date + 60
            or (customers.created_on < months.first_date
                and customers.first_purchase_date < months.first_date + interval 12 month), false
        ) as is_legacy
    from books
    join staging.months using (month_end)
    join customers using (customer_key)
),

named as (
    select
        *,
        case
            when opening_amount = 0 and (first_purchase_date < opening_from or is_legacy)
                then 'won_back'
            when opening_amount = 0 then 'new'
            when closing_amount = 0 then 'churn'
            when closing_amount > opening_amount then 'expansion'
            when closing_amount < opening_amount then 'contraction'
            else 'unchanged'
        end as movement
    from moved
    where opening_amount > 0 or closing_amount > 0
)

select
    named.month_end,
    'year_over_year' as comparison,
    named.measure,
    named.customer_key,
    named.opening_from,
    named.opening_to,
    named.closing_from,
    cast(named.opening_amount as decimal(18,2)) as opening_amount,
    cast(named.closing_amount as decimal(18,2)) as closing_amount,
    named.movement,
    cast(named.closing_amount - named.opening_amount as decimal(18,2)) as movement_amount,
    cast(named.credit_only_amount as decimal(18,2)) as credit_only_amount,
    tiers.tier,
    accounts.channel,
    accounts.owner_user_id,
    named.movement = 'new' and row_number() over (
        partition by named.measure, named.customer_key, named.movement order by named.month_end
    ) = 1 as is_true_new,
    named.is_legacy,
    coalesce(named.movement = 'churn' and accounts.exit_type = 'voluntary_by_us', false)
        as is_voluntary_exit
from named
join staging.accounts on accounts.account_id = named.customer_key
left join marts.account_tiers as tiers
    on tiers.tier_unit_id = named.tier_unit_id and tiers.month_end = named.opening_to;
