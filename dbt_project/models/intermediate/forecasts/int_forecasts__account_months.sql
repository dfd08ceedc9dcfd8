-- What is expected of each account: past months as seen one month ahead, the running one and the
-- next three as seen from the last month-end.
with origins as (select * from {{ ref('int_forecasts__origins') }}),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

final as (
    select
        origins.account_id,
        origins.forecast_month,
        origins.forecast_made_on,
        origins.is_intermittent,
        origins.trailing_growth_ratio,
        origins.forecast_amount,
        -- Without revenue in the twelve months there is no ratio of profit to go by.
        cast(case
            when origins.forecast_amount = 0 then 0
            when account_windows.net_amount > 0 then {{ multiply_divide(
                'origins.forecast_amount', 'account_windows.profit_amount',
                'account_windows.net_amount') }}
        end as decimal(18,2)) as forecast_profit_amount
    from origins
    inner join bounds
        on origins.forecast_made_on >= last_day({{ add_months('bounds.last_month_end', -12) }})
    left join account_windows
        on account_windows.account_id = origins.account_id
        and account_windows.month_end = origins.forecast_made_on
)

select * from final
