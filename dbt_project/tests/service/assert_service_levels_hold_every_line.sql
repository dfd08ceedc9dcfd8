-- Every line of an order that was promised for the twelve months to the last month-end is due at its
-- account, and every other one ordered in them has no promise.
-- Red by a due line that is left out, or by a line without a promise that is left out.
with last_month as (
    select max(month_end) as month_end from {{ ref('service_levels') }}
),

orders as (select * from {{ ref('stg_erp__orders') }} where status <> 'cancelled'),

lines as (select * from {{ ref('stg_erp__order_lines') }} where not is_return and net_amount >= 0),

due as (
    select
        orders.account_id,
        sum(case
            when lines.promised_date is not null
                and greatest(lines.promised_date, orders.order_date) <= last_month.month_end
                and greatest(lines.promised_date, orders.order_date)
                    > {{ year_before('last_month.month_end') }} then 1
            else 0
        end) as lines_due_count,
        sum(case
            when lines.promised_date is null
                and orders.order_date <= last_month.month_end
                and orders.order_date > {{ year_before('last_month.month_end') }} then 1
            else 0
        end) as lines_without_promise_count
    from orders
    inner join lines on lines.order_id = orders.order_id
    cross join last_month
    group by orders.account_id
)

select levels.account_id
from {{ ref('service_levels') }} as levels
inner join last_month on last_month.month_end = levels.month_end
left join due on due.account_id = levels.account_id
-- Null where orders are not delivered.
where levels.lines_due_count is not null
    and (
        levels.lines_due_count = coalesce(due.lines_due_count, 0)
        and levels.lines_without_promise_count = coalesce(due.lines_without_promise_count, 0)
    ) is not true
