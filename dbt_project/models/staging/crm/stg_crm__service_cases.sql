with landed as ({{ current_rows('crm_service_cases', ['case_id']) }}),

final as (
    select
        case_id,
        account_id,
        case_type,
        severity,
        {{ business_date('opened_at') }} as opened_on,
        {{ business_date('resolved_at') }} as resolved_on
    from landed
    where {{ business_date('opened_at') }} <= {{ as_of_date() }}
)

select * from final
