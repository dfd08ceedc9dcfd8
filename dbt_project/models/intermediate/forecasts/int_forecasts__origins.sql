-- Seasonal naive (semantics 3.15): the same month last year times the growth of the last twelve
-- months, within bounds. Each month as seen one month ahead; from the last month-end four months.
-- Beside it what the plain seasonal naive says, also where the quarter counts.
with histories as (select * from {{ ref('int_forecasts__histories') }}),

months as (select * from {{ ref('int_calendar__month_ends') }}),

config as ({{ dated_config('forecast_config') }}),

last_month as (select max(month_number) as month_number from months),

targets as (
    select
        months.month_end as forecast_made_on,
        {{ add_months('months.month_start', 'ahead.months_count') }} as forecast_month,
        months.month_number + ahead.months_count - 12 as base_month_number,
        config.growth_floor,
        config.growth_cap,
        config.intermittent_share
    from months
    cross join last_month
    inner join (values (1), (2), (3), (4)) as ahead (months_count)
        on ahead.months_count = 1 or months.month_number = last_month.month_number
    inner join config
        on config.valid_from <= months.month_end and config.valid_until > months.month_end
),

windows as (
    select
        account_id,
        month_end,
        history_months_count,
        cast(sum(net_amount) over (
            partition by account_id order by month_number rows between 11 preceding and current row
        ) as decimal(18,2)) as net_amount,
        cast(sum(net_amount) over (
            partition by account_id order by month_number
            rows between 23 preceding and 12 preceding
        ) as decimal(18,2)) as prior_net_amount,
        sum(case when net_amount = 0 then 1 else 0 end) over (
            partition by account_id order by month_number rows between 23 preceding and current row
        ) as zero_months_count
    from histories
),

-- Growth as a fraction: one year against the other, else none; less than two years tell none.
known as (
    select
        windows.account_id,
        targets.forecast_made_on,
        targets.forecast_month,
        targets.base_month_number,
        windows.zero_months_count
            >= targets.intermittent_share * least(windows.history_months_count, 24)
            as is_intermittent,
        case
            when windows.history_months_count < 24 or windows.prior_net_amount <= 0 then 1
            when windows.net_amount < targets.growth_floor * windows.prior_net_amount
                then targets.growth_floor
            when windows.net_amount > targets.growth_cap * windows.prior_net_amount
                then targets.growth_cap
            when windows.net_amount is not null then windows.net_amount
        end as growth_amount,
        case
            when windows.history_months_count < 24 or windows.prior_net_amount <= 0
                or windows.net_amount < targets.growth_floor * windows.prior_net_amount
                or windows.net_amount > targets.growth_cap * windows.prior_net_amount then 1
            when windows.prior_net_amount > 0 then windows.prior_net_amount
        end as growth_base_amount
    from targets
    inner join windows on windows.month_end = targets.forecast_made_on
    where windows.history_months_count >= 12
),

naive as (
    select
        known.*,
        base.quarter_net_amount,
        {{ multiply_divide('base.net_amount', 'known.growth_amount', 'known.growth_base_amount') }}
            as naive_amount
    from known
    inner join histories as base
        on base.account_id = known.account_id and base.month_number = known.base_month_number
),

final as (
    select
        account_id,
        forecast_made_on,
        forecast_month,
        is_intermittent,
        {{ ratio('growth_amount', 'growth_base_amount') }} as trailing_growth_ratio,
        naive_amount,
        case
            when is_intermittent then {{ multiply_divide(
                'quarter_net_amount', 'growth_amount', '3 * growth_base_amount') }}
            when not is_intermittent then naive_amount
        end as forecast_amount
    from naive
)

select * from final
