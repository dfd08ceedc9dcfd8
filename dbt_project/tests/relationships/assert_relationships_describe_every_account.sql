-- Every external account that is there on a day described has a row, and nobody else.
-- Red by an account that is left out, or by one that nobody knows.
with stages as (select * from {{ ref('relationship_stages') }}),

days as (
    select * from {{ ref('int_calendar__days') }}
    {%- if not (is_present('erp_orders') and is_present('crm_activities')) %} where false{% endif %}
),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

starts as (select * from {{ ref('int_identity__account_starts') }}),

expected as (
    select
        days.as_of_date,
        units.account_id
    from days
    inner join units on units.epoch_date = days.epoch_date
    inner join starts on starts.account_id = units.account_id
    where starts.exists_from <= days.as_of_date
)

select
    coalesce(expected.as_of_date, stages.as_of_date) as as_of_date,
    coalesce(expected.account_id, stages.account_id) as account_id
from expected
full join stages
    on stages.as_of_date = expected.as_of_date and stages.account_id = expected.account_id
where expected.account_id is null or stages.account_id is null
