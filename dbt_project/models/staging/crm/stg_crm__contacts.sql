with landed as ({{ current_rows('crm_contacts', ['contact_id']) }}),

final as (
    select
        contact_id,
        account_id,
        department,
        formal_level,
        actual_influence,
        role,
        sentiment,
        interpersonal_rating,
        interpersonal_rated_on,
        {{ reference('crm_contacts', 'interpersonal_rated_by_user_id') }},
        coalesce(is_active, true) as is_active
    from landed
)

select * from final
