-- What all customers have brought by D is what the cells of their cohorts hold, legacy ones apart.
-- Red by revenue that a customer brought twice, or by a customer that is legacy in one of the two.
with customers as (
    select
        is_legacy,
        sum(lifetime_revenue_amount) as revenue_amount
    from {{ ref('customer_lifecycle') }}
    where is_latest
    group by is_legacy
),

cohorts as (
    select
        is_legacy_cohort,
        sum(revenue_amount) as revenue_amount
    from {{ ref('cohort_retention') }}
    group by is_legacy_cohort
)

select customers.*, cohorts.revenue_amount as cohort_revenue_amount
from customers
full outer join cohorts on cohorts.is_legacy_cohort = customers.is_legacy
where (customers.revenue_amount = cohorts.revenue_amount) is not true
