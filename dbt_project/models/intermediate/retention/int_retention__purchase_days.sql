-- The days on which a customer bought, by the accounts that it consisted of, with the days since the
-- purchase day before. The first one has no such day: 0, which no gap has.
with members as (select * from {{ ref('int_identity__customer_members') }}),

purchases as (select * from {{ ref('int_revenue__purchases') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

account_days as (
    select
        account_id,
        purchase_date
    from purchases
    group by account_id, purchase_date
),

-- Several purchases of a day, by one account or by several, are one purchase day (decision 9).
days as (
    select
        members.customer_key,
        members.members_from,
        account_days.purchase_date
    from members
    inner join account_days on account_days.account_id = members.account_id
    group by members.customer_key, members.members_from, account_days.purchase_date
),

-- An account may have bought before the first document of the company, while it was internal.
final as (
    select
        days.customer_key,
        days.members_from,
        days.purchase_date,
        greatest(
            {{ month_number('days.purchase_date') }}, {{ month_number('bounds.first_document_date') }}
        ) as month_number,
        coalesce({{ days_between(
            'lag(days.purchase_date) over (partition by days.customer_key, days.members_from'
            ~ ' order by days.purchase_date)', 'days.purchase_date') }}, 0) as gap_length_days
    from days
    cross join bounds
)

select * from final
