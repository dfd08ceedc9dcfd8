-- I26: the sizes add up to all customers with a purchase, the cells to all their revenue.
-- Red by a customer in two cohorts.
with customers as (
    select count(*) as customers_count
    from {{ ref('int_retention__customers') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and first_purchase_date is not null
),

revenue as (
    select coalesce(sum(months.net_amount), 0) as revenue_amount
    from {{ ref('int_revenue__account_months') }} as months
    inner join {{ ref('int_identity__account_units') }} as units
        on units.account_id = months.account_id
    inner join {{ ref('int_retention__customers') }} as customers
        on customers.epoch_date = units.epoch_date
        and customers.customer_key = units.customer_key
    where units.epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not units.is_internal
        and customers.first_purchase_date is not null
),

cohorts as (
    select
        coalesce(sum(case when month_index = 0 then cohort_size_count end), 0) as customers_count,
        coalesce(sum(revenue_amount), 0) as revenue_amount
    from {{ ref('cohort_retention') }}
)

select cohorts.* from cohorts
cross join customers
cross join revenue
where (
    cohorts.customers_count = customers.customers_count
    and cohorts.revenue_amount = revenue.revenue_amount
) is not true
