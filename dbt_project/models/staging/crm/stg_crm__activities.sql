with landed as ({{ current_rows('crm_activities', ['activity_id']) }}),

final as (
    select
        activity_id,
        account_id,
        {{ reference('crm_activities', 'contact_id') }},
        {{ reference('crm_activities', 'user_id') }},
        our_department,
        activity_at,
        {{ business_date('activity_at') }} as activity_date,
        channel,
        direction,
        coalesce(is_two_way, false) as is_two_way,
        purpose,
        duration_minutes
    from landed
    where {{ business_date('activity_at') }} <= {{ as_of_date() }}
)

select * from final
