-- I9: on every day each kind of scope adds up to the company, and the company is what the external
-- accounts of the aging owe. Red by an account that is in no channel.
with sums as (
    select
        as_of_date,
        scope_type,
        sum(beginning_receivables_amount) as beginning_amount,
        sum(credit_sales_amount) as credit_sales_amount,
        sum(ending_receivables_amount) as ending_amount,
        sum(ending_current_amount) as ending_current_amount,
        sum(applied_amount) as applied_amount,
        sum(applications_count) as applications_count
    from {{ ref('collection_metrics') }}
    where scope_type <> 'account'
    group by as_of_date, scope_type
),

owed as (
    select
        as_of_date,
        sum(gross_open_amount) as ending_amount,
        sum(current_amount) as ending_current_amount
    from {{ ref('receivables_aging') }}
    where not is_internal
    group by as_of_date
),

-- A scope that is missing altogether has to be missed.
wanted as (
    select owed.as_of_date, scopes.scope_type
    from owed
    cross join (
        {%- for scope in ['company', 'channel', 'region', 'tier', 'owner'] %}
        select '{{ scope }}' as scope_type {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as scopes
)

select coalesce(wanted.as_of_date, sums.as_of_date) as as_of_date, wanted.scope_type
from wanted
full outer join sums
    on sums.as_of_date = wanted.as_of_date and sums.scope_type = wanted.scope_type
left join sums as company
    on company.as_of_date = wanted.as_of_date and company.scope_type = 'company'
left join owed on owed.as_of_date = wanted.as_of_date
where (
    sums.ending_amount = owed.ending_amount
    and sums.ending_current_amount = owed.ending_current_amount
    and sums.beginning_amount = company.beginning_amount
    and sums.credit_sales_amount = company.credit_sales_amount
    and sums.applied_amount = company.applied_amount
    and sums.applications_count = company.applications_count
) is not true
