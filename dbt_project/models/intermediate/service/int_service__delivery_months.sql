-- What was promised, delivered and given back, in its month: a promise in the month of its day (not
-- before the order), a line without one and a return in that of the order, goods in that of their
-- delivery. Lines of cancelled orders do not count; an order has its status of D, so that a line
-- which is late counts while its order is open, too. Returns come back when their order is completed.
with orders as (select * from {{ ref('stg_erp__orders') }} where status in ('open', 'completed')),

lines as (select * from {{ ref('stg_erp__order_lines') }}),

rates as (select * from {{ ref('int_fx__rates') }}),

kinds as (
    select
        orders.account_id,
        lines.is_return or lines.net_amount < 0 as is_given_back,
        orders.status = 'completed' as is_completed,
        {{ month_number('orders.order_date') }} as ordered_number,
        case
            when lines.promised_date is not null
                then {{ month_number('greatest(lines.promised_date, orders.order_date)') }}
        end as due_number,
        case
            when lines.delivered_date <= {{ as_of_date() }}
                then {{ month_number('greatest(lines.delivered_date, orders.order_date)') }}
        end as delivered_number,
        coalesce(
            lines.delivered_date <= lines.promised_date
            and (lines.delivered_quantity is null or lines.delivered_quantity >= lines.quantity),
            false
        ) as is_on_time_in_full,
        {{ at_rate('lines.net_amount', 'rates.rate_to_base') }} as net_amount,
        lines.quantity,
        lines.delivered_quantity
    from orders
    inner join lines on lines.order_id = orders.order_id
    inner join rates
        on rates.currency_code = orders.currency_code and rates.rate_day = orders.order_date
),

-- Few rows before they are counted in up to three months.
groups as (
    select
        account_id,
        is_given_back,
        ordered_number,
        due_number,
        delivered_number,
        count(*) as lines_count,
        sum(case when is_on_time_in_full then 1 else 0 end) as lines_otif_count,
        sum({{ delivered_part('net_amount', 'delivered_quantity', 'quantity') }})
            as delivered_amount,
        sum(case when is_completed then abs(net_amount) else 0 end) as returned_amount
    from kinds
    group by account_id, is_given_back, ordered_number, due_number, delivered_number
),

events as (
    select
        account_id,
        due_number as month_number,
        lines_count as lines_due_count,
        lines_otif_count,
        0 as lines_without_promise_count,
        0 as delivered_amount,
        0 as returned_amount
    from groups
    where not is_given_back and due_number is not null
    union all
    select
        account_id,
        ordered_number as month_number,
        0 as lines_due_count,
        0 as lines_otif_count,
        lines_count as lines_without_promise_count,
        0 as delivered_amount,
        0 as returned_amount
    from groups
    where not is_given_back and due_number is null
    union all
    select
        account_id,
        delivered_number as month_number,
        0 as lines_due_count,
        0 as lines_otif_count,
        0 as lines_without_promise_count,
        delivered_amount,
        0 as returned_amount
    from groups
    where not is_given_back and delivered_number is not null
    union all
    select
        account_id,
        ordered_number as month_number,
        0 as lines_due_count,
        0 as lines_otif_count,
        0 as lines_without_promise_count,
        0 as delivered_amount,
        returned_amount
    from groups
    where is_given_back
),

final as (
    select
        account_id,
        month_number,
        cast(sum(lines_due_count) as bigint) as lines_due_count,
        cast(sum(lines_otif_count) as bigint) as lines_otif_count,
        cast(sum(lines_without_promise_count) as bigint) as lines_without_promise_count,
        {{ money_sum('delivered_amount') }} as delivered_amount,
        {{ money_sum('returned_amount') }} as returned_amount
    from events
    group by account_id, month_number
)

select * from final
