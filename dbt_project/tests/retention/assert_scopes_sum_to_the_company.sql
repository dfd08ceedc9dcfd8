-- I9, I25: every scope adds up to the company. Red by a customer without a region that is left out.
with sums as (
    select
        month_end, comparison, measure, scope_type,
        sum(opening_amount) as opening_amount,
        sum(closing_ledger_amount) as closing_ledger_amount,
        sum(churn_amount) as churn_amount
    from {{ ref('retention_summary') }}
    group by month_end, comparison, measure, scope_type
)

select sums.month_end, sums.scope_type
from sums
inner join sums as company
    on company.month_end = sums.month_end
    and company.comparison = sums.comparison
    and company.measure = sums.measure
    and company.scope_type = 'company'
where (
    sums.opening_amount = company.opening_amount
    and sums.closing_ledger_amount = company.closing_ledger_amount
    and sums.churn_amount = company.churn_amount
) is not true
