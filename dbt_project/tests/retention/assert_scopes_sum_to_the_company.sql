-- I9, I25: every scope adds up to the company. Red by a customer without a region that is left out.
with sums as (
    select
        month_end, comparison, measure, scope_type,
        sum(opening_amount) as opening_amount,
        sum(closing_ledger_amount) as closing_ledger_amount,
        sum(churn_amount) as churn_amount
    from {{ ref('retention_summary') }}
    group by month_end, comparison, measure, scope_type
),

-- A scope that is missing altogether has to be missed.
wanted as (
    select books.month_end, books.comparison, books.measure, scopes.scope_type
    from (
        select month_end, comparison, measure from sums group by month_end, comparison, measure
    ) as books
    cross join (select scope_type from sums group by scope_type) as scopes
)

select wanted.month_end, wanted.scope_type
from wanted
left join sums
    on sums.month_end = wanted.month_end
    and sums.comparison = wanted.comparison
    and sums.measure = wanted.measure
    and sums.scope_type = wanted.scope_type
left join sums as company
    on company.month_end = wanted.month_end
    and company.comparison = wanted.comparison
    and company.measure = wanted.measure
    and company.scope_type = 'company'
where (
    sums.opening_amount = company.opening_amount
    and sums.closing_ledger_amount = company.closing_ledger_amount
    and sums.churn_amount = company.churn_amount
) is not true
