-- Complete quarters in which an account ordered: what an order cost to serve, and where the orders
-- of the quarter stand in the sequence of all its orders (twice their mean number, a whole number).
with months as (select * from {{ ref('int_calendar__month_ends') }}),

rated_months as (select * from {{ ref('int_costs__rated_months') }}),

efforts as (select * from {{ ref('int_costs__efforts') }}),

quarters as (
    select
        cast({{ whole_division('months.month_number - 1', '3') }} as bigint) as quarter_number,
        min(months.month_start) as first_month,
        max(months.month_start) as last_month
    from months
    inner join rated_months on rated_months.month_end = months.month_end
    where rated_months.is_month_rated
    group by cast({{ whole_division('months.month_number - 1', '3') }} as bigint)
    having count(*) = 3
),

-- The sequence starts with the first order on record, rates or not.
of_quarters as (
    select
        account_id,
        cast({{ whole_division(month_number('month_start') ~ ' - 1', '3') }} as bigint)
            as quarter_number,
        sum(orders_count) as orders_count,
        {{ money_sum('cost_to_serve_amount') }} as cost_to_serve_amount
    from efforts
    group by
        account_id,
        cast({{ whole_division(month_number('month_start') ~ ' - 1', '3') }} as bigint)
),

numbered as (
    select
        of_quarters.*,
        sum(orders_count) over (partition by account_id order by quarter_number) as through_count
    from of_quarters
),

final as (
    select
        numbered.account_id,
        numbered.quarter_number,
        cast(numbered.orders_count as bigint) as orders_count,
        cast(2 * numbered.through_count - numbered.orders_count + 1 as bigint)
            as doubled_order_number,
        numbered.cost_to_serve_amount
    from numbered
    inner join quarters on quarters.quarter_number = numbered.quarter_number
    where numbered.orders_count > 0
)

select * from final
