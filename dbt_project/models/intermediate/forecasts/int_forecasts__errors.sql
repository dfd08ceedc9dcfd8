-- How far the forecasts of an account were off in the twelve months to a month-end, one month
-- ahead, by the model that made them, and how far the seasonal naive would have been off.
with origins as (select * from {{ ref('int_forecasts__origins') }}),

histories as (select * from {{ ref('int_forecasts__histories') }}),

months as (select * from {{ ref('int_calendar__month_ends') }}),

-- What has come; later months have no history yet.
met as (
    select
        origins.account_id,
        months.month_end,
        months.month_number,
        origins.is_intermittent,
        histories.net_amount,
        origins.forecast_amount - histories.net_amount as error_amount,
        origins.naive_amount - histories.net_amount as naive_error_amount
    from origins
    inner join months on months.month_start = origins.forecast_month
    inner join histories
        on histories.account_id = origins.account_id and histories.month_end = months.month_end
),

models as (
    select 'seasonal_naive' as forecast_model, false as is_intermittent
    union all
    select 'quarterly_naive' as forecast_model, true as is_intermittent
),

-- Months follow each other without gaps, so twelve rows are twelve months.
windows as (
    select
        met.account_id,
        met.month_end,
        models.forecast_model,
        -- Twelve months in a row have twelve different bits.
        bit_or(case when met.is_intermittent = models.is_intermittent
            then {{ shift_left('1', 'met.month_number % 12') }} else 0 end) over twelve_months
            as origin_bits,
        {%- for column, amount in [
            ('actual_amount', 'met.net_amount'), ('error_amount', 'met.error_amount'),
            ('absolute_error_amount', 'abs(met.error_amount)'),
            ('absolute_naive_error_amount', 'abs(met.naive_error_amount)')
        ] %}
        cast(sum(case when met.is_intermittent = models.is_intermittent
            then {{ amount }} else 0 end) over twelve_months as decimal(18,2)) as {{ column }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from met
    cross join models
    window twelve_months as (
        partition by met.account_id, models.forecast_model order by met.month_end
        rows between 11 preceding and current row
    )
),

final as (
    select * from windows where origin_bits > 0
)

select * from final
