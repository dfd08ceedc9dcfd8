-- (activities / all) / (profit / all), in one division each.
with efforts as (select * from {{ ref('int_relationships__efforts') }}),

final as (
    select
        month_end,
        tier_unit_id,
        tier,
        owner_user_id,
        cast(activities_count as bigint) as activities_count,
        {{ ratio('activities_count', 'total_activities_count') }} as activity_ratio,
        {{ ratio('positive_profit_amount', 'total_profit_amount') }} as profit_share_ratio,
        {{ multiply_divide('activities_count', 'total_profit_amount',
            'total_activities_count * positive_profit_amount', 6) }} as effort_to_profit_ratio,
        {{ multiply_divide('tier_activities_count', 'total_profit_amount',
            'total_activities_count * tier_profit_amount', 6) }} as tier_effort_to_profit_ratio,
        tier = 'A' and coalesce(
            {{ whole('activities_count') }} * {{ whole('total_profit_amount') }} * 10000
                < {{ whole('underserved_ratio') }} * {{ whole('total_activities_count') }}
                * {{ whole('positive_profit_amount') }}, false
        ) as is_underserved,
        owner_c_activities_count,
        is_neglected,
        {{ multiply_divide('minutes', '1', '60') }} as effort_hours,
        {{ ratio('minutes', 'total_minutes') }} as effort_hours_ratio,
        {{ ratio('timed_count', 'activities_count') }} as timed_activities_ratio
    from efforts
)

select * from final
