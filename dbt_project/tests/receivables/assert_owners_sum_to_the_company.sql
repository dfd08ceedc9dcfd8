-- I9: each external account belongs to one owner, so that owners add up to the aging.
-- Red by an owner whose receivables are counted twice.
with owners as (
    select
        as_of_date,
        sum(accounts_count) as accounts_count,
        sum(gross_open_amount) as gross_open_amount
    from {{ ref('owner_receivables') }}
    group by as_of_date
),

aging as (
    select
        as_of_date,
        sum(case when gross_open_amount > 0 then 1 else 0 end) as accounts_count,
        sum(gross_open_amount) as gross_open_amount
    from {{ ref('receivables_aging') }}
    where not is_internal
    group by as_of_date
)

select aging.as_of_date, owners.as_of_date as owners_date
from aging
full outer join owners on owners.as_of_date = aging.as_of_date
where (
    coalesce(owners.accounts_count, 0) = coalesce(aging.accounts_count, 0)
    and coalesce(owners.gross_open_amount, 0) = coalesce(aging.gross_open_amount, 0)
) is not true
