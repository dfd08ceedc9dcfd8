-- What is open stands in the exposure as it stands in the aging, account by account.
-- Red by an account whose exposure forgets its receivables.
with aging as (
    select as_of_date, account_id, gross_open_amount from {{ ref('receivables_aging') }}
),

exposures as (
    select as_of_date, account_id, gross_open_amount from {{ ref('credit_exposure') }}
)

select aging.as_of_date, aging.account_id, exposures.account_id as exposed_account_id
from aging
full outer join exposures
    on exposures.as_of_date = aging.as_of_date and exposures.account_id = aging.account_id
where (coalesce(exposures.gross_open_amount, 0) = coalesce(aging.gross_open_amount, 0)
    and (aging.account_id is null or exposures.account_id is not null)) is not true
