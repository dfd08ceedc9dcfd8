-- Who of the contacts on file stands for what, and whom of them we talk with, as of D. People who left
-- are not on file.
with contacts as (select * from {{ ref('stg_crm__contacts') }} where is_active),

talks as (select * from {{ ref('int_relationships__talks') }}),

activities as (select * from {{ ref('int_relationships__personal') }}),

windows as (
    select talks_from from {{ ref('int_relationships__days') }} where is_latest
),

rules as (
    select * from ({{ dated_config('contact_rules') }}) as dated
    where valid_from <= {{ as_of_date() }} and valid_until > {{ as_of_date() }}
),

festivals as (
    select
        from_date,
        to_date,
        row_number() over (order by from_date desc, to_date desc) as festival_rank
    from {{ ref('festival_windows') }}
    where from_date <= {{ as_of_date() }}
),

talked as (
    select
        talks.account_id,
        talks.contact_id
    from talks
    inner join windows on windows.talks_from <= talks.activity_date
    group by talks.account_id, talks.contact_id
),

greeted as (
    select activities.contact_id
    from activities
    inner join festivals
        on festivals.festival_rank = 1
        and festivals.from_date <= activities.activity_date
        and festivals.to_date >= activities.activity_date
    where activities.purpose = 'courtesy'
    group by activities.contact_id
),

judged as (
    select
        contacts.*,
        talked.contact_id is not null as is_talked_with,
        greeted.contact_id is not null as is_greeted,
        contacts.actual_influence >= rules.minimum_influence as is_influential,
        contacts.sentiment >= rules.minimum_sentiment as is_supporter,
        contacts.actual_influence - contacts.formal_level >= rules.hidden_power_gap
            as has_hidden_power
    from contacts
    cross join rules
    left join talked
        on talked.account_id = contacts.account_id and talked.contact_id = contacts.contact_id
    left join greeted on greeted.contact_id = contacts.contact_id
),

final as (
    select
        account_id,
        count(*) as contacts_count,
        cast(sum(case when is_talked_with then 1 else 0 end) as bigint) as active_contacts_count,
        {%- for department in customer_departments() %}
        max(case when department = '{{ department }}' then 1 else 0 end) = 1
            as has_{{ department }}_contact,
        max(case when department = '{{ department }}' and is_talked_with then 1 else 0 end) = 1
            as is_{{ department }}_covered,
        {%- endfor %}
        {%- for role in ['coach', 'decision_maker', 'sponsor', 'champion'] %}
        max(case when role = '{{ role }}' then 1 else 0 end) = 1 as has_{{ role }},
        {%- endfor %}
        cast(sum(case when has_hidden_power then 1 when not has_hidden_power then 0 end) as bigint)
            as hidden_power_contacts_count,
        cast(sum(case when is_influential then 1 when not is_influential then 0 end) as bigint)
            as influential_contacts_count,
        cast(sum(case when is_influential and is_talked_with then 1 else 0 end) as bigint)
            as influential_active_count,
        cast(sum(case when is_supporter then 1 when not is_supporter then 0 end) as bigint)
            as supporters_count,
        cast(sum(case when is_greeted then 1 else 0 end) as bigint) as greeted_contacts_count,
        count(role) as role_known_count,
        count(department) as department_known_count
    from judged
    group by account_id
)

select * from final
