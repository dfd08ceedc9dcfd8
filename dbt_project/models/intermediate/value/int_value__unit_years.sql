-- The bridge of the last twelve months on tier units: their two books, by the identity of now.
with books as (
    select * from {{ ref('int_retention__books') }} where comparison = 'year_over_year'
),

months as (select * from {{ ref('int_calendar__month_ends') }}),

customers as (select * from {{ ref('int_retention__customers') }}),

final as (
    select
        books.month_end,
        customers.tier_unit_id,
        {{ money_sum('books.opening_revenue_amount') }} as opening_revenue_amount,
        {{ money_sum('books.closing_revenue_amount') }} as closing_revenue_amount,
        {{ money_sum('books.opening_profit_amount') }} as opening_profit_amount
    from books
    inner join months on months.month_end = books.month_end
    inner join customers
        on customers.epoch_date = months.epoch_date
        and customers.customer_key = books.customer_key
    group by books.month_end, customers.tier_unit_id
)

select * from final
