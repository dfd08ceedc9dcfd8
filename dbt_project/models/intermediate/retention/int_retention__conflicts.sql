-- Complaints and disputes of the worst severity, of the customers of D, with the days on which each
-- was open: from opened_on up to the day before open_until.
with cases as (select * from {{ ref('stg_crm__service_cases') }}),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not is_internal
),

final as (
    select
        cases.case_id,
        units.customer_key,
        cases.opened_on,
        coalesce(cases.resolved_on, {{ end_of_time() }}) as open_until
    from cases
    inner join units on units.account_id = cases.account_id
    where cases.case_type in ('complaint', 'dispute') and cases.severity = 1
)

select * from final
