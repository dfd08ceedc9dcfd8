-- The twelve months to the next month-end of each tier unit, if the forecast of its accounts holds:
-- the last twelve without the month that leaves, and the month that comes. An account without a
-- forecast stays as it is. By the identity of D.
with bounds as (select * from {{ ref('int_calendar__bounds') }}),

months as (select * from {{ ref('int_calendar__month_ends') }} where is_tier_month),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not is_internal
),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

line_groups as (select * from {{ ref('int_revenue__line_groups') }}),

cost_ratios as (select * from {{ ref('int_revenue__cost_ratios') }}),

efforts as (select * from {{ ref('int_costs__efforts') }} where cost_to_serve_amount <> 0),

forecasts as (select * from {{ ref('int_forecasts__account_months') }}),

last_month as (
    select
        months.month_end,
        months.window_from,
        {{ add_days('months.month_end', 1) }} as next_month
    from months
    inner join bounds on bounds.last_month_end = months.month_end
),

leaving_families as (
    select
        line_groups.account_id,
        line_groups.product_family,
        last_month.month_end,
        sum(line_groups.lines_count) as lines_count,
        sum(line_groups.net_amount) as net_amount,
        sum(line_groups.cost_amount) as cost_amount,
        sum(line_groups.net_amount - line_groups.costed_net_amount) as uncosted_amount
    from line_groups
    inner join last_month on last_month.window_from = line_groups.month_start
    group by line_groups.account_id, line_groups.product_family, last_month.month_end
),

measures as (
    select
        cost_ratios.month_end,
        cost_ratios.measure_used
    from cost_ratios
    inner join last_month on last_month.month_end = cost_ratios.month_end
    group by cost_ratios.month_end, cost_ratios.measure_used
),

leaving_parts as (
    select
        leaving_families.account_id,
        leaving_families.lines_count,
        case cost_ratios.measure_used
            when 'net_revenue' then leaving_families.net_amount
            else leaving_families.net_amount - leaving_families.cost_amount - coalesce({{
                multiply_divide('leaving_families.uncosted_amount', 'cost_ratios.ratio_cost_amount',
                    'cost_ratios.ratio_net_amount') }}, 0)
        end as profit_amount
    from leaving_families
    inner join cost_ratios
        on cost_ratios.month_end = leaving_families.month_end
        and cost_ratios.product_family = leaving_families.product_family
    union all
    select
        efforts.account_id,
        0 as lines_count,
        -efforts.cost_to_serve_amount as profit_amount
    from efforts
    inner join last_month on last_month.window_from = efforts.month_start
    inner join measures on measures.measure_used = 'contribution_profit'
),

leaving as (
    select
        account_id,
        sum(lines_count) as lines_count,
        {{ money_sum('profit_amount') }} as profit_amount
    from leaving_parts
    group by account_id
),

coming as (
    select forecasts.account_id, forecasts.forecast_amount, forecasts.forecast_profit_amount
    from forecasts
    inner join last_month
        on last_month.month_end = forecasts.forecast_made_on
        and last_month.next_month = forecasts.forecast_month
    where forecasts.forecast_profit_amount is not null
),

final as (
    select
        units.tier_unit_id,
        {{ money_sum('account_windows.profit_amount') }} as profit_amount,
        {{ money_sum('coalesce(account_windows.profit_amount, 0) + case
            when coming.account_id is not null
                then coming.forecast_profit_amount - coalesce(leaving.profit_amount, 0)
            else 0 end') }} as predicted_profit_amount,
        count(coming.account_id) > 0 as has_forecast,
        -- A line that stays, or one that is expected.
        max(case
            when coming.account_id is null and account_windows.lines_count > 0 then 1
            when account_windows.lines_count > coalesce(leaving.lines_count, 0) then 1
            when coming.forecast_amount <> 0 then 1
            else 0
        end) = 1 as has_lines
    from units
    cross join last_month
    left join account_windows
        on account_windows.account_id = units.account_id
        and account_windows.month_end = last_month.month_end
    left join leaving on leaving.account_id = units.account_id
    left join coming on coming.account_id = units.account_id
    group by units.tier_unit_id
)

select * from final
