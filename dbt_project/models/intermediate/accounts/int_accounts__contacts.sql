-- Who speaks with each account, since when nobody did, and whether something severe is unresolved, as of D.
with versions as (
    select * from {{ ref('stg_crm__account_versions') }}
    where valid_from <= {{ as_of_date() }} and valid_to > {{ as_of_date() }}
),

contacts as (select * from {{ ref('stg_crm__contacts') }} where is_active),

recency as (select * from {{ ref('int_relationships__recency') }}),

cases as (select * from {{ ref('stg_crm__service_cases') }}),

finance_contacts as (
    select account_id from contacts where department = 'finance' group by account_id
),

conflicts as (
    select account_id from cases
    where case_type in ('complaint', 'dispute')
        and severity = 1
        and (resolved_on is null or resolved_on > {{ as_of_date() }})
    group by account_id
),

final as (
    select
        versions.account_id,
        finance_contacts.account_id is not null as has_finance_contact,
        conflicts.account_id is not null as has_open_severe_conflict,
        {{ days_between('recency.last_two_way_date', as_of_date()) }} as since_two_way_contact_days,
        {{ days_between('recency.last_executive_date', as_of_date()) }}
            as since_executive_contact_days,
        recency.reciprocity_ratio,
        recency.first_activity_date
    from versions
    left join finance_contacts on finance_contacts.account_id = versions.account_id
    left join conflicts on conflicts.account_id = versions.account_id
    left join recency on recency.account_id = versions.account_id
)

select * from final
