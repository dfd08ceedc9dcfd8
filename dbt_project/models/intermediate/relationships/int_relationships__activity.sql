-- Who talked with whom in the window of each day. An unknown department is a side of an edge, but no
-- department; so an edge never has fewer departments than it joins.
with days as (select * from {{ ref('int_relationships__days') }}),

threads as (select * from {{ ref('int_relationships__threads') }}),

contacts as (select * from {{ ref('stg_crm__contacts') }}),

-- A span lies wholly inside or outside of a window.
in_window as (
    select
        days.as_of_date,
        days.rated_from,
        threads.*
    from days
    inner join threads
        on threads.span_from >= days.talks_from and threads.span_from <= days.as_of_date
),

sums as (
    select
        as_of_date,
        account_id,
        cast(sum(activities_count) as bigint) as activities_count,
        count(distinct case when user_id <> 'none' then user_id end) as active_own_users_count,
        count(distinct case when own_department <> 'unknown' then own_department end)
            as own_departments_count,
        count(distinct case
            when customer_department not in ('other', 'unknown') then customer_department
        end) as customer_departments_count,
        count(distinct case
            when own_department <> 'unknown' or customer_department <> 'unknown'
                then concat_ws('|', own_department, customer_department)
        end) as department_edges_count,
        max(case
            when own_department = 'executive' and customer_department = 'executive' then 1
            else 0
        end) = 1 as has_exec_to_exec
    from in_window
    group by as_of_date, account_id
),

people as (
    select
        as_of_date,
        rated_from,
        account_id,
        contact_id,
        customer_department,
        sum(activities_count) as activities_count
    from in_window
    where contact_id <> 'none'
    group by as_of_date, rated_from, account_id, contact_id, customer_department
),

contact_sums as (
    select
        people.as_of_date,
        people.account_id,
        count(*) as active_contacts_count,
        sum(case when people.customer_department = 'unknown' then 1 else 0 end)
            as unknown_department_contacts_count,
        max(people.activities_count) as top_contact_activities_count,
        sum(people.activities_count) as contact_activities_count,
        max(case
            when contacts.interpersonal_rated_on >= people.rated_from
                and contacts.interpersonal_rated_on <= people.as_of_date
                then contacts.interpersonal_rating
        end) as interpersonal_stage
    from people
    left join contacts on contacts.contact_id = people.contact_id
    group by people.as_of_date, people.account_id
),

final as (
    select
        sums.as_of_date,
        sums.account_id,
        sums.activities_count,
        coalesce(contact_sums.active_contacts_count, 0) as active_contacts_count,
        sums.active_own_users_count,
        sums.customer_departments_count,
        sums.own_departments_count,
        sums.department_edges_count,
        sums.has_exec_to_exec,
        cast(coalesce(contact_sums.top_contact_activities_count, 0) as bigint)
            as top_contact_activities_count,
        cast(coalesce(contact_sums.contact_activities_count, 0) as bigint)
            as contact_activities_count,
        cast(coalesce(contact_sums.unknown_department_contacts_count, 0) as bigint)
            as unknown_department_contacts_count,
        contact_sums.interpersonal_stage
    from sums
    left join contact_sums
        on contact_sums.as_of_date = sums.as_of_date
        and contact_sums.account_id = sums.account_id
)

select * from final
