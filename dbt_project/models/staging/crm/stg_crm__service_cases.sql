with landed as ({{ current_rows('crm_service_cases', ['case_id']) }}),

final as (
    select
        case_id,
        account_id,
        case_type,
        severity,
        {{ reference('crm_service_cases', 'product_id') }},
        coalesce(service_site, 'unknown') as service_site,
        coalesce(is_proactive, false) as is_proactive,
        opened_at,
        case when {{ business_date('first_response_at') }} <= {{ as_of_date() }}
            then first_response_at end as first_response_at,
        case when {{ business_date('resolved_at') }} <= {{ as_of_date() }}
            then resolved_at end as resolved_at,
        response_due_at,
        resolution_due_at,
        {{ business_date('opened_at') }} as opened_on,
        {{ business_date('resolved_at') }} as resolved_on
    from landed
    where {{ business_date('opened_at') }} <= {{ as_of_date() }}
)

select * from final
