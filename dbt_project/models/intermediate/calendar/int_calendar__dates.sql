-- Every calendar day: MetricFlow takes no metric without a time spine in the project.
with bounds as (select * from {{ ref('int_calendar__bounds') }}),

months as (
    select
        spine.month_start,
        bounds.as_of_date
    from bounds,
        lateral {{ months_between('bounds.first_document_date', 'bounds.as_of_date') }} as spine
    where bounds.first_document_date is not null
),

days as (
    {%- for day in range(31) %}
    select
        {{ add_days('month_start', day) }} as calendar_date,
        month_start,
        as_of_date
    from months
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select calendar_date
    from days
    where calendar_date <= last_day(month_start) and calendar_date <= as_of_date
)

select * from final
