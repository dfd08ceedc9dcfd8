-- At a month-end the last twelve months of the forecasts give the accuracy of the company and the
-- revenue of the tiers.
-- Red by a forecast that was better than its error, or by an actual that is missing, or by an accuracy of other months.
with forecasts as (select * from {{ ref('forecasts') }} where actual_amount is not null),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

of_forecasts as (
    select
        forecast_model as measure,
        {{ money_sum('actual_amount') }} as actual_amount,
        {{ money_sum('abs(forecast_amount - actual_amount)') }} as absolute_error_amount
    from forecasts
    where forecast_amount is not null
    group by forecast_model
    union all
    select
        'revenue' as measure,
        {{ money_sum('forecasts.actual_amount') }} as actual_amount,
        0 as absolute_error_amount
    from forecasts
    inner join {{ ref('int_calendar__month_ends') }} as months
        on months.month_end = forecasts.as_of_date and months.is_tier_month
    having count(*) > 0
),

told as (
    select
        measure,
        actual_amount,
        case when actual_amount > 0 and measure <> 'revenue'
            then {{ ratio('absolute_error_amount', 'actual_amount') }} end as wape_ratio
    from of_forecasts
),

expected as (
    select
        accuracy.forecast_model as measure,
        accuracy.actual_amount,
        accuracy.wape_ratio
    from {{ ref('forecast_accuracy') }} as accuracy
    inner join bounds on bounds.last_month_end = accuracy.month_end
    where accuracy.scope_type = 'company'
    union all
    select
        'revenue' as measure,
        {{ money_sum('tiers.ttm_net_revenue_amount') }} as actual_amount,
        cast(null as decimal(18,6)) as wape_ratio
    from {{ ref('account_tiers') }} as tiers
    inner join bounds on bounds.last_month_end = tiers.month_end
    having count(*) > 0
)

-- Inside a month somebody may have become internal since the month-end.
select
    coalesce(told.measure, expected.measure) as measure,
    told.actual_amount,
    expected.actual_amount as expected_amount
from told
full join expected on expected.measure = told.measure
where (select max(last_month_end) from bounds) = {{ as_of_date() }}
    and (
        told.actual_amount is distinct from expected.actual_amount
        or told.wape_ratio is distinct from expected.wape_ratio
    )
