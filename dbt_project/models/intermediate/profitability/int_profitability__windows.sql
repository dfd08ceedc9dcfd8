{%- set amounts = ['net_amount', 'absolute_net_amount', 'list_amount', 'listed_net_amount',
    'unlisted_net_amount', 'unpriced_net_amount', 'unpriced_sales_amount'] -%}
{%- set current_amounts = ['absolute_costed_net_amount', 'service_net_amount',
    'cost_to_serve_amount', 'freight_amount'] -%}
{%- set current_counts = ['orders_count', 'shipped_orders_count', 'freights_count', 'gaps_count',
    'gap_days', 'squared_gap_days'] -%}
-- The twelve months to a month-end and the twelve before, by account: sales at list and at net,
-- orders, rhythm and cost to serve. Months are summed, never lines.
with months as (select * from {{ ref('int_calendar__month_ends') }}),

rated_months as (select * from {{ ref('int_costs__rated_months') }}),

account_months as (select * from {{ ref('int_revenue__account_months') }}),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

efforts as (
    select
        account_id,
        month_start,
        sum(orders_count) as orders_count,
        sum(shipped_orders_count) as shipped_orders_count,
        sum(freights_count) as freights_count,
        sum(freight_amount) as freight_amount,
        sum(cost_to_serve_amount) as cost_to_serve_amount
    from {{ ref('int_costs__efforts') }}
    group by account_id, month_start
),

gaps as (select * from {{ ref('int_profitability__purchase_gaps') }}),

measures as (
    select
        month_end,
        measure_used
    from {{ ref('int_revenue__cost_ratios') }}
    group by month_end, measure_used
),

units as (select * from {{ ref('int_identity__account_units') }}),

active_months as (
    select account_id, month_start from account_months
    union
    select account_id, month_start from efforts
),

spans as (
    select
        account_id,
        min(month_start) as first_month,
        max(month_start) as last_month
    from active_months
    group by account_id
),

-- Every month from the first to twenty-four months after the last: windows need no gaps.
filled as (
    select
        spans.account_id,
        months.month_end,
        account_months.lines_count,
        {%- for amount in amounts + current_amounts[:2] %}
        account_months.{{ amount }},
        {%- endfor %}
        efforts.cost_to_serve_amount,
        efforts.freight_amount,
        efforts.orders_count,
        efforts.shipped_orders_count,
        efforts.freights_count,
        gaps.gaps_count,
        gaps.gap_days,
        gaps.squared_gap_days
    from spans
    inner join months
        on months.month_start >= spans.first_month and months.opening_from <= spans.last_month
    left join account_months
        on account_months.account_id = spans.account_id
        and account_months.month_start = months.month_start
    left join efforts
        on efforts.account_id = spans.account_id and efforts.month_start = months.month_start
    left join gaps
        on gaps.account_id = spans.account_id and gaps.month_start = months.month_start
),

windows as (
    select
        account_id,
        month_end,
        coalesce(sum(lines_count) over current_year, 0) as current_lines_count,
        coalesce(sum(lines_count) over prior_year, 0) as prior_lines_count,
        {%- for side in ['current', 'prior'] %}
        {%- for amount in amounts %}
        coalesce(sum({{ amount }}) over {{ side }}_year, 0) as {{ side }}_{{ amount }},
        {%- endfor %}
        {%- endfor %}
        {%- for amount in current_amounts + current_counts %}
        coalesce(sum({{ amount }}) over current_year, 0) as {{ amount }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from filled
    window
        current_year as (
            partition by account_id order by month_end rows between 11 preceding and current row
        ),
        prior_year as (
            partition by account_id order by month_end
            rows between 23 preceding and 12 preceding
        )
),

final as (
    select
        windows.month_end,
        windows.account_id,
        units.tier_unit_id,
        months.is_bridge_month as is_prior_known,
        cast(windows.current_lines_count as bigint) as current_lines_count,
        {%- for side in ['current', 'prior'] %}
        {%- for amount in amounts %}
        cast(windows.{{ side }}_{{ amount }} as decimal(18,2)) as {{ side }}_{{ amount }},
        {%- endfor %}
        {%- endfor %}
        {%- for amount in current_amounts[:2] %}
        cast(windows.{{ amount }} as decimal(18,2)) as {{ amount }},
        {%- endfor %}
        case
            when measures.measure_used in ('gross_profit', 'contribution_profit')
                then coalesce(account_windows.gross_profit_amount, 0)
        end as gross_profit_amount,
        case when rated_months.is_window_rated then
            cast(windows.cost_to_serve_amount as decimal(18,2))
        end as cost_to_serve_amount,
        case when rated_months.is_window_rated and windows.freights_count > 0 then
            cast(windows.freight_amount as decimal(18,2))
        end as freight_amount,
        {%- for count in current_counts %}
        cast(windows.{{ count }} as bigint) as {{ count }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from windows
    inner join months on months.month_end = windows.month_end
    inner join rated_months on rated_months.month_end = windows.month_end
    inner join units
        on units.epoch_date = months.epoch_date and units.account_id = windows.account_id
    left join measures on measures.month_end = windows.month_end
    left join account_windows
        on account_windows.month_end = windows.month_end
        and account_windows.account_id = windows.account_id
    where months.is_tier_month
        and not units.is_internal
        and (
            windows.current_lines_count > 0
            or (months.is_bridge_month and windows.prior_lines_count > 0)
            or (rated_months.is_window_rated and windows.cost_to_serve_amount <> 0)
        )
)

select * from final
