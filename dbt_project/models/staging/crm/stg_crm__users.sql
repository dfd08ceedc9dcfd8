with landed as ({{ current_rows('crm_users', ['user_id']) }}),

final as (
    select
        user_id,
        user_name,
        department,
        team,
        {{ reference('crm_users', 'manager_user_id') }},
        coalesce(is_active, true) as is_active,
        deactivated_on
    from landed
)

select * from final
