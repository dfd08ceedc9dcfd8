-- What each loss was worth: profit of the twelve months to the end of the month of the last
-- purchase, and where it ranked among all customers with lines in them, by the identity of D.
with churned as (select * from {{ ref('int_retention__churned') }}),

months as (select * from {{ ref('int_calendar__month_ends') }} where is_tier_month),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not is_internal
),

asked as (
    select months.month_end
    from churned
    inner join months on months.month_end = last_day(churned.last_purchase_date)
    group by months.month_end
),

customer_windows as (
    select
        account_windows.month_end,
        units.customer_key,
        {{ money_sum('account_windows.profit_amount') }} as profit_amount
    from account_windows
    inner join asked on asked.month_end = account_windows.month_end
    inner join units on units.account_id = account_windows.account_id
    group by account_windows.month_end, units.customer_key
    having sum(account_windows.lines_count) > 0
),

ranked as (
    select
        customer_windows.*,
        rank() over (partition by month_end order by profit_amount) as place,
        count(*) over (partition by month_end) as customers_count
    from customer_windows
),

final as (
    select
        churned.customer_key,
        churned.churned_date,
        ranked.profit_amount,
        {{ ratio('ranked.place - 1', 'ranked.customers_count - 1') }} as profit_percentile_ratio
    from churned
    inner join ranked
        on ranked.month_end = last_day(churned.last_purchase_date)
        and ranked.customer_key = churned.customer_key
)

select * from final
