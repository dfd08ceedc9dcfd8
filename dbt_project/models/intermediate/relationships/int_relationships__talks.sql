{{ config(materialized='view') }}

-- Each two-way activity between people, and the departments on both sides.
with activities as (select * from {{ ref('int_relationships__personal') }} where is_two_way),

contacts as (select * from {{ ref('stg_crm__contacts') }}),

users as (select * from {{ ref('stg_crm__users') }}),

final as (
    select
        activities.activity_id,
        activities.account_id,
        activities.activity_date,
        coalesce(activities.contact_id, 'none') as contact_id,
        coalesce(activities.user_id, 'none') as user_id,
        coalesce(contacts.department, 'unknown') as customer_department,
        coalesce(activities.our_department, users.department, 'unknown') as own_department
    from activities
    left join contacts on contacts.contact_id = activities.contact_id
    left join users on users.user_id = activities.user_id
)

select * from final
