-- How long other teams of ours took to answer what account managers asked of them. What is said to be
-- answered before it was asked took no time.
with requests as (select * from {{ ref('stg_crm__internal_requests') }}),

dated as (
    select
        request_id,
        team,
        requested_on,
        greatest({{ business_date('first_response_at') }},
            case when first_response_at is not null then requested_on end) as answered_on,
        greatest({{ seconds_between('requested_at', 'first_response_at') }},
            case when first_response_at is not null then 0 end) as answer_seconds
    from requests
),

final as (
    select
        request_id,
        team,
        {{ month_number('requested_on') }} as requested_month_number,
        answered_on,
        {{ month_number('answered_on') }} as answered_month_number,
        answer_seconds
    from dated
)

select * from final
