-- When the sale of each completed order began, as far as it is known: the opening of the latest won
-- opportunity of the account up to the order, and the first contact with the customer.
with lines as (
    select * from {{ ref('int_orders__completed_lines') }} where not is_return
),

opportunities as (select * from {{ ref('stg_crm__opportunities') }} where is_won),

recency as (select * from {{ ref('int_relationships__recency') }}),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not is_internal
),

rules as ({{ dated_config('purchase_rules') }}),

account_days as (
    select
        account_id,
        customer_key,
        order_date
    from lines
    group by account_id, customer_key, order_date
),

dated as (
    select account_id, order_date as day, cast(null as date) as opened_on from account_days
    union all
    select account_id, opened_on as day, opened_on from opportunities
),

-- An opportunity that was opened on the day of the order is its own.
by_day as (
    select
        account_id,
        day,
        max(opened_on) as opened_on
    from dated
    group by account_id, day
),

carried as (
    select
        account_id,
        day,
        max(opened_on) over (partition by account_id order by day) as opened_on
    from by_day
),

contacts as (
    select
        units.customer_key,
        min(recency.first_activity_date) as first_activity_date
    from units
    inner join recency on recency.account_id = units.account_id
    group by units.customer_key
),

final as (
    select
        account_days.account_id,
        account_days.order_date,
        case
            when carried.opened_on >= {{ add_months(
                'account_days.order_date', '-rules.opportunity_months') }}
                then carried.opened_on
        end as opportunity_opened_on,
        case
            when contacts.first_activity_date <= account_days.order_date
                then contacts.first_activity_date
        end as first_contact_date
    from account_days
    inner join carried
        on carried.account_id = account_days.account_id and carried.day = account_days.order_date
    inner join rules
        on rules.valid_from <= account_days.order_date
        and rules.valid_until > account_days.order_date
    left join contacts on contacts.customer_key = account_days.customer_key
)

select * from final
