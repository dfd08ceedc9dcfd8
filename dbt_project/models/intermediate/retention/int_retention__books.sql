-- The value of each customer in the opening and the closing window of each month-end, in revenue
-- and in profit: two years, and for subscription-like channels two months.
with months as (
    select * from {{ ref('int_calendar__month_ends') }} where is_bridge_month
),

all_months as (select * from {{ ref('int_calendar__month_ends') }}),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

efforts as (
    select
        account_id,
        month_start,
        sum(cost_to_serve_amount) as cost_to_serve_amount
    from {{ ref('int_costs__efforts') }}
    where cost_to_serve_amount <> 0
    group by account_id, month_start
),

line_groups as (select * from {{ ref('int_revenue__line_groups') }}),

cost_ratios as (select * from {{ ref('int_revenue__cost_ratios') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

channels as (
    select channel from {{ ref('channel_config') }} where is_subscription_like
),

window_ends as (
    select
        months.month_end,
        months.epoch_date,
        all_months.month_end as window_end,
        all_months.month_number = months.month_number as is_closing
    from months
    inner join all_months
        on all_months.month_number = months.month_number
        or all_months.month_number = months.month_number - 12
),

measures as (
    select
        month_end,
        measure_used
    from account_windows
    group by month_end, measure_used
),

-- One measure for both windows: that of the closing one; it has none where nobody bought. Cost to
-- serve counts only where both windows know it.
closing_measures as (
    select
        window_ends.month_end,
        max(case when window_ends.is_closing then measures.measure_used end) as measure_used,
        min(case when measures.measure_used = 'contribution_profit' then 1 else 0 end) = 1
            as is_contribution
    from window_ends
    left join measures on measures.month_end = window_ends.window_end
    group by window_ends.month_end
),

yearly as (
    select
        window_ends.month_end,
        'year_over_year' as comparison,
        units.customer_key,
        window_ends.is_closing,
        account_windows.net_amount as revenue_amount,
        case
            when closing_measures.is_contribution
                then account_windows.gross_profit_amount - account_windows.cost_to_serve_amount
            when closing_measures.measure_used in ('gross_profit', 'contribution_profit')
                then account_windows.gross_profit_amount
            else account_windows.net_amount
        end as profit_amount
    from window_ends
    inner join account_windows on account_windows.month_end = window_ends.window_end
    left join closing_measures on closing_measures.month_end = window_ends.month_end
    inner join units
        on units.epoch_date = window_ends.epoch_date
        and units.account_id = account_windows.account_id
    where not units.is_internal
),

month_ends as (
    select
        closing.month_end,
        closing.epoch_date,
        side.month_start,
        side.month_number = closing.month_number as is_closing
    from all_months as closing
    inner join all_months as side
        on side.month_number = closing.month_number
        or side.month_number = closing.month_number - 1
    cross join bounds
    where {{ add_months('closing.month_start', -1) }} >= bounds.first_document_date
),

-- The cost of lines without one is rounded once by account, family and month, wherever D lies.
family_months as (
    select
        account_id,
        product_family,
        month_start,
        sum(net_amount) as net_amount,
        sum(cost_amount) as cost_amount,
        sum(costed_net_amount) as costed_net_amount
    from line_groups
    group by account_id, product_family, month_start
),

monthly as (
    select
        month_ends.month_end,
        'month_over_month' as comparison,
        units.customer_key,
        month_ends.is_closing,
        family_months.net_amount as revenue_amount,
        case
            when cost_ratios.measure_used = 'net_revenue' then family_months.net_amount
            when cost_ratios.measure_used in ('gross_profit', 'contribution_profit')
                then family_months.net_amount - family_months.cost_amount
                    - coalesce({{ multiply_divide(
                        'family_months.net_amount - family_months.costed_net_amount',
                        'cost_ratios.ratio_cost_amount', 'cost_ratios.ratio_net_amount') }}, 0)
        end as profit_amount
    from month_ends
    inner join family_months on family_months.month_start = month_ends.month_start
    inner join units
        on units.epoch_date = month_ends.epoch_date
        and units.account_id = family_months.account_id
    inner join versions
        on versions.account_id = units.customer_key
        and versions.valid_from <= month_ends.month_end
        and versions.valid_to > month_ends.month_end
    inner join channels on channels.channel = versions.channel
    left join cost_ratios
        on cost_ratios.month_end = month_ends.month_end
        and cost_ratios.product_family = family_months.product_family
    where not units.is_internal
),

-- A month-end whose twelve months have rates has them for both of its last months.
monthly_costs as (
    select
        month_ends.month_end,
        'month_over_month' as comparison,
        units.customer_key,
        month_ends.is_closing,
        cast(0 as decimal(18,2)) as revenue_amount,
        -efforts.cost_to_serve_amount as profit_amount
    from month_ends
    inner join measures
        on measures.month_end = month_ends.month_end
        and measures.measure_used = 'contribution_profit'
    inner join efforts on efforts.month_start = month_ends.month_start
    inner join units
        on units.epoch_date = month_ends.epoch_date
        and units.account_id = efforts.account_id
    inner join versions
        on versions.account_id = units.customer_key
        and versions.valid_from <= month_ends.month_end
        and versions.valid_to > month_ends.month_end
    inner join channels on channels.channel = versions.channel
    where not units.is_internal
),

compared as (
    select * from yearly
    union all
    select * from monthly
    union all
    select * from monthly_costs
),

final as (
    select
        month_end,
        comparison,
        customer_key,
        {{ money_sum('case when not is_closing then revenue_amount end') }} as opening_revenue_amount,
        {{ money_sum('case when is_closing then revenue_amount end') }} as closing_revenue_amount,
        {{ money_sum('case when not is_closing then profit_amount end') }} as opening_profit_amount,
        {{ money_sum('case when is_closing then profit_amount end') }} as closing_profit_amount
    from compared
    group by month_end, comparison, customer_key
)

select * from final
