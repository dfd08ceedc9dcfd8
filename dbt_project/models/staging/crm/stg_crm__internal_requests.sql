with landed as ({{ current_rows('crm_internal_requests', ['request_id']) }}),

final as (
    select
        request_id,
        team,
        requested_at,
        case when {{ business_date('first_response_at') }} <= {{ as_of_date() }}
            then first_response_at end as first_response_at,
        {{ business_date('requested_at') }} as requested_on
    from landed
    where {{ business_date('requested_at') }} <= {{ as_of_date() }}
)

select * from final
