-- Our own service contacts with an account, and those before the customer asked: no case that the
-- customer opened lies in the days before, on the day itself up to the instant of the contact.
with activities as (select * from {{ ref('stg_crm__activities') }} where direction = 'outbound'),

cases as (select * from {{ ref('stg_crm__service_cases') }} where not is_proactive),

rules as ({{ dated_config('service_rules') }}),

moments as (
    select
        activities.account_id,
        activities.activity_at as happened_at,
        activities.activity_date,
        rules.proactive_days,
        cast(null as date) as opened_on
    from activities
    inner join rules
        on rules.valid_from <= activities.activity_date
        and rules.valid_until > activities.activity_date
    where lower(trim(activities.purpose)) = rules.service_purpose
    union all
    select
        account_id,
        opened_at as happened_at,
        cast(null as date) as activity_date,
        cast(null as integer) as proactive_days,
        opened_on
    from cases
),

-- A case of the same instant was there before.
preceded as (
    select
        account_id,
        activity_date,
        proactive_days,
        max(opened_on) over (partition by account_id order by happened_at) as last_opened_on
    from moments
),

final as (
    select
        account_id,
        {{ month_number('activity_date') }} as month_number,
        count(*) as contacts_count,
        cast(sum(case
            when last_opened_on is null then 1
            when {{ days_between('last_opened_on', 'activity_date') }} > proactive_days then 1
            else 0
        end) as bigint) as proactive_count
    from preceded
    where activity_date is not null
    group by account_id, {{ month_number('activity_date') }}
)

select * from final
