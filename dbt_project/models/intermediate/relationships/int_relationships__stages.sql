-- The stage that evidence proves for each external account on each day, gate by gate: the first one
-- that fails stops (semantics 3.13). Empty where orders or activities are not delivered at all.
with days as (
    select * from {{ ref('int_relationships__days') }}
    {%- if not (is_present('erp_orders') and is_present('crm_activities')) %} where false{% endif %}
),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

starts as (select * from {{ ref('int_identity__account_starts') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

activity as (select * from {{ ref('int_relationships__activity') }}),

first_orders as (select * from {{ ref('int_relationships__first_orders') }}),

proofs as (select * from {{ ref('int_relationships__proofs') }}),

grid as (
    select
        days.*,
        units.account_id,
        units.customer_key,
        units.tier_unit_id,
        versions.claimed_relationship_stage as claimed_stage
    from days
    inner join units on units.epoch_date = days.epoch_date
    inner join starts
        on starts.account_id = units.account_id and starts.exists_from <= days.as_of_date
    inner join versions
        on versions.account_id = units.account_id
        and versions.valid_from <= days.as_of_date
        and versions.valid_to > days.as_of_date
),

joined as (
    select
        grid.as_of_date,
        grid.is_month_end,
        grid.is_latest,
        grid.account_id,
        grid.customer_key,
        grid.tier_unit_id,
        grid.claimed_stage,
        grid.lost_after_month_ends,
        coalesce(first_orders.first_order_date <= grid.as_of_date, false) as has_order,
        coalesce(activity.customer_departments_count, 0) as customer_departments_count,
        coalesce(activity.own_departments_count, 0) as own_departments_count,
        coalesce(activity.department_edges_count, 0) as department_edges_count,
        coalesce(activity.active_contacts_count, 0) as active_contacts_count,
        coalesce(activity.active_own_users_count, 0) as active_own_users_count,
        coalesce(activity.activities_count, 0) as activities_count,
        {{ ratio('activity.top_contact_activities_count', 'activity.contact_activities_count') }}
            as top_contact_ratio,
        coalesce(activity.has_exec_to_exec, false) as has_exec_to_exec,
        coalesce(proofs.has_joint_evidence, false) as has_joint_evidence,
        coalesce(proofs.has_alliance_evidence, false) as has_alliance_evidence,
        coalesce(
            activity.activities_count > 0 and (
                activity.active_contacts_count < grid.minimum_contacts
                or activity.active_own_users_count < grid.minimum_own_users
                or (
                    activity.activities_count >= grid.top_contact_activities
                    and activity.top_contact_activities_count
                    >= activity.contact_activities_count * grid.top_contact_share
                )
            ), false
        ) as is_single_threaded,
        activity.interpersonal_stage,
        coalesce(activity.unknown_department_contacts_count, 0)
            as unknown_department_contacts_count,
        grid.second_stage_departments,
        grid.third_stage_departments,
        grid.third_stage_own_departments
    from grid
    left join first_orders on first_orders.account_id = grid.account_id
    left join activity
        on activity.as_of_date = grid.as_of_date and activity.account_id = grid.account_id
    left join proofs
        on proofs.as_of_date = grid.as_of_date and proofs.account_id = grid.account_id
),

final as (
    select
        as_of_date,
        is_month_end,
        is_latest,
        account_id,
        customer_key,
        tier_unit_id,
        cast(case
            when not has_order then 0
            when customer_departments_count < second_stage_departments then 1
            when customer_departments_count < third_stage_departments
                or own_departments_count < third_stage_own_departments
                or not has_exec_to_exec then 2
            when not has_joint_evidence then 3
            when not has_alliance_evidence then 4
            when has_alliance_evidence then 5
        end as bigint) as evidenced_stage,
        claimed_stage,
        lost_after_month_ends,
        has_order,
        customer_departments_count,
        own_departments_count,
        department_edges_count,
        active_contacts_count,
        active_own_users_count,
        activities_count,
        top_contact_ratio,
        has_exec_to_exec,
        has_joint_evidence,
        has_alliance_evidence,
        is_single_threaded,
        interpersonal_stage,
        unknown_department_contacts_count
    from joined
)

select * from final
