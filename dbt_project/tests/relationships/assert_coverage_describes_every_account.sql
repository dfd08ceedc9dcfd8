-- Every external account has a row, which repeats what `accounts` says of it.
-- Red by an account that is left out, or by another finance contact, or by another overdue amount.
with accounts as (
    select * from {{ ref('accounts') }}
    where not is_internal {%- if not is_present('crm_contacts') %} and false{% endif %}
),

coverage as (select * from {{ ref('contact_coverage') }})

select
    coalesce(accounts.account_id, coverage.account_id) as account_id,
    accounts.has_finance_contact as account_contact,
    coverage.has_finance_contact,
    accounts.overdue_amount,
    coverage.overdue_without_finance_contact_amount
from accounts
full join coverage on coverage.account_id = accounts.account_id
where accounts.account_id is null
    or coverage.account_id is null
    or accounts.has_finance_contact is distinct from coverage.has_finance_contact
    or coverage.overdue_without_finance_contact_amount is distinct from case
        when accounts.has_finance_contact then accounts.overdue_amount * 0
        when not accounts.has_finance_contact then accounts.overdue_amount
    end
