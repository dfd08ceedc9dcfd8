with scope_months as (select * from {{ ref('int_forecasts__scope_months') }}),

months as (
    select * from {{ ref('int_calendar__month_ends') }} where is_tier_month
),

calendar as (
    {%- for month in range(1, 13) %}
    select {{ month }} as calendar_month {{ 'union all' if not loop.last }}
    {%- endfor %}
),

first_months as (
    select
        scope_type,
        scope_id,
        min(month_number) as first_month_number
    from scope_months
    group by scope_type, scope_id
),

-- Whole years back from the month-end: each calendar month counts as often as the others.
histories as (
    select
        months.month_end,
        months.month_number,
        first_months.scope_type,
        first_months.scope_id,
        case
            when months.month_number - first_months.first_month_number + 1 < 24
                then months.month_number - first_months.first_month_number + 1
            else months.month_number - first_months.first_month_number + 1
                - (months.month_number - first_months.first_month_number + 1) % 12
        end as months_count
    from months
    inner join first_months on first_months.first_month_number <= months.month_number
),

sums as (
    select
        histories.month_end,
        histories.scope_type,
        histories.scope_id,
        histories.months_count,
        calendar.calendar_month,
        {{ money_sum('scope_months.net_amount') }} as total_amount,
        {{ money_sum('case when (scope_months.month_number - 1) % 12 + 1 = calendar.calendar_month
            then scope_months.net_amount end') }} as net_amount
    from histories
    left join scope_months
        on scope_months.scope_type = histories.scope_type
        and scope_months.scope_id = histories.scope_id
        and scope_months.month_number > histories.month_number - histories.months_count
        and scope_months.month_number <= histories.month_number
    cross join calendar
    group by
        histories.month_end,
        histories.scope_type,
        histories.scope_id,
        histories.months_count,
        calendar.calendar_month
),

final as (
    select
        month_end,
        scope_type,
        scope_id,
        cast(calendar_month as bigint) as calendar_month,
        case when months_count >= 24 and total_amount > 0
            then {{ multiply_divide('net_amount', '12', 'total_amount', 6) }} end as seasonal_index,
        cast(months_count as bigint) as months_of_history_count
    from sums
)

select * from final
