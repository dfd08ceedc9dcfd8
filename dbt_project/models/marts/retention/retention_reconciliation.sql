{%- set orders_known = is_present('erp_orders') and is_present('erp_order_lines') -%}
{#- What the summary adds up by. -#}
{%- set scope_types = ['company', 'channel', 'region', 'tier', 'tenure_band', 'owner'] -%}
with months as (select * from {{ ref('int_calendar__month_ends') }}),

bridge_months as (select * from months where is_bridge_month),

movements as (select * from {{ ref('revenue_movements') }}),

summary as (select * from {{ ref('retention_summary') }}),

cohorts as (select * from {{ ref('cohort_retention') }}),

lifecycle as (select * from {{ ref('customer_lifecycle') }} where is_latest),

account_tiers as (select * from {{ ref('account_tiers') }}),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

line_groups as (select * from {{ ref('int_revenue__line_groups') }}),

ledger_windows as (select * from {{ ref('int_retention__ledger_windows') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

epochs as (select max(epoch_date) as epoch_date from {{ ref('int_identity__epochs') }}),

rules as (
    select amount as tolerance_amount from {{ ref('alert_rules') }}
    where rule = 'reconciliation_tolerance'
        and valid_from = (
            select max(valid_from) from {{ ref('alert_rules') }}
            where rule = 'reconciliation_tolerance' and valid_from <= {{ as_of_date() }}
        )
),

-- Customer by customer, and by scope: two marts.
books as (
    select
        month_end,
        comparison,
        measure,
        sum(opening_amount) as opening_amount,
        sum(closing_amount) as closing_amount
    from movements
    group by month_end, comparison, measure
),

bridges as (
    select
        month_end,
        comparison,
        measure,
        scope_type,
        sum(opening_amount + new_amount + won_back_amount + expansion_amount
            + contraction_amount + churn_amount) as end_amount
    from summary
    group by month_end, comparison, measure, scope_type
),

-- A month or a scope that one side lost must not take its check along.
compared as (
    select bridge_months.month_end, 'year_over_year' as comparison, measures.measure
    from bridge_months
    cross join (values ('revenue'), ('profit')) as measures (measure)
    union
    select month_end, comparison, measure from books
    union
    select month_end, comparison, measure from bridges
),

wanted as (
    select compared.*, scope_types.scope_type
    from compared
    cross join (
        values
        {%- for scope_type in scope_types %}
            ('{{ scope_type }}'){{ ',' if not loop.last }}
        {%- endfor %}
    ) as scope_types (scope_type)
),

bridge_checks as (
    select
        wanted.month_end,
        'bridge' as check_name,
        concat_ws(':', wanted.comparison, wanted.measure, wanted.scope_type) as scope_id,
        coalesce(bridges.end_amount, 0) as left_value,
        coalesce(books.closing_amount, 0) as right_value
    from wanted
    left join bridges
        on bridges.month_end = wanted.month_end
        and bridges.comparison = wanted.comparison
        and bridges.measure = wanted.measure
        and bridges.scope_type = wanted.scope_type
    left join books
        on books.month_end = wanted.month_end
        and books.comparison = wanted.comparison
        and books.measure = wanted.measure
),

-- The closing book of a year ago, by who belongs to whom now: nobody moves it by a merger.
earlier_books as (
    select
        bridge_months.month_end,
        units.customer_key,
        sum(account_windows.net_amount) as net_amount
    from bridge_months
    inner join account_windows on account_windows.month_end = bridge_months.opening_to
    inner join units
        on units.epoch_date = bridge_months.epoch_date
        and units.account_id = account_windows.account_id
    where not units.is_internal
    group by bridge_months.month_end, units.customer_key
),

earlier as (
    select
        month_end,
        sum(greatest(net_amount, 0)) as closing_amount
    from earlier_books
    group by month_end
),

adjoining_checks as (
    select
        bridge_months.month_end,
        'adjoining_windows' as check_name,
        'company' as scope_id,
        coalesce(earlier.closing_amount, 0) as left_value,
        coalesce(books.opening_amount, 0) as right_value
    from bridge_months
    left join earlier on earlier.month_end = bridge_months.month_end
    left join books
        on books.month_end = bridge_months.month_end
        and books.comparison = 'year_over_year'
        and books.measure = 'revenue'
),

-- Without an opening book there are no ratios.
ratio_checks as (
    select
        books.month_end,
        'nrr_grr' as check_name,
        concat_ws(':', books.comparison, books.measure) as scope_id,
        summary.nrr as left_value,
        summary.grr + summary.expansion_ratio as right_value
    from books
    left join summary
        on summary.month_end = books.month_end
        and summary.comparison = books.comparison
        and summary.measure = books.measure
        and summary.scope_type = 'company'
    where books.opening_amount > 0
),

-- A purchase before the first document, of an account that was internal then, counts with the
-- first month.
first_month as (select min(month_start) as month_start from months),

cohort_sizes as (
    select
        greatest(sizes.cohort_month, first_month.month_start) as month_start,
        sum(sizes.cohort_size_count) as customers_count
    from (
        select cohort_month, is_legacy_cohort, max(cohort_size_count) as cohort_size_count
        from cohorts
        group by cohort_month, is_legacy_cohort
    ) as sizes
    cross join first_month
    group by greatest(sizes.cohort_month, first_month.month_start)
),

starters as (
    select
        greatest({{ month_start('lifecycle.first_purchase_date') }}, first_month.month_start)
            as month_start,
        count(*) as customers_count
    from lifecycle
    cross join first_month
    group by
        greatest({{ month_start('lifecycle.first_purchase_date') }}, first_month.month_start)
),

cohort_size_checks as (
    select
        months.month_end,
        'cohort_sizes' as check_name,
        'company' as scope_id,
        coalesce(cohort_sizes.customers_count, 0) as left_value,
        coalesce(starters.customers_count, 0) as right_value
    from months
    left join cohort_sizes on cohort_sizes.month_start = months.month_start
    left join starters on starters.month_start = months.month_start
),

cells as (
    select
        greatest(
            {{ add_months('cohorts.cohort_month', 'cohorts.month_index') }}, first_month.month_start
        ) as month_start,
        sum(cohorts.revenue_amount) as revenue_amount
    from cohorts
    cross join first_month
    group by
        greatest(
            {{ add_months('cohorts.cohort_month', 'cohorts.month_index') }}, first_month.month_start
        )
),

-- Revenue from before the first purchase counts with its month, as in cohorts.
customer_lines as (
    select
        greatest(
            line_groups.month_start, {{ month_start('lifecycle.first_purchase_date') }},
            first_month.month_start
        ) as month_start,
        line_groups.net_amount
    from line_groups
    cross join epochs
    cross join first_month
    inner join units
        on units.epoch_date = epochs.epoch_date and units.account_id = line_groups.account_id
    inner join lifecycle on lifecycle.customer_key = units.customer_key
    where not units.is_internal
),

customer_months as (
    select
        month_start,
        sum(net_amount) as revenue_amount
    from customer_lines
    group by month_start
),

cohort_revenue_checks as (
    select
        months.month_end,
        'cohort_revenue' as check_name,
        'company' as scope_id,
        sum(coalesce(cells.revenue_amount, 0)) over (order by months.month_end) as left_value,
        sum(coalesce(customer_months.revenue_amount, 0)) over (order by months.month_end)
            as right_value
    from months
    left join cells on cells.month_start = months.month_start
    left join customer_months on customer_months.month_start = months.month_start
),

tier_sums as (
    select
        month_end,
        sum(ttm_net_revenue_amount) as net_amount
    from account_tiers
    group by month_end
),

ledgers as (
    select
        month_end,
        closing_ledger_amount as net_amount
    from summary
    where comparison = 'year_over_year' and measure = 'revenue' and scope_type = 'company'
),

tier_revenue_checks as (
    {%- for scope_id, side in [('account_tiers', 'tier_sums'), ('retention_summary', 'ledgers')] %}
    select
        bridge_months.month_end,
        'tier_revenue' as check_name,
        '{{ scope_id }}' as scope_id,
        coalesce({{ side }}.net_amount, 0) as left_value,
        ledger_windows.net_amount as right_value
    from bridge_months
    left join {{ side }} on {{ side }}.month_end = bridge_months.month_end
    inner join ledger_windows on ledger_windows.month_end = bridge_months.month_end
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- Lines by the month of their order; without orders nobody can say.
order_lines as (
    select
        last_day(order_date) as month_end,
        count(*) as lines_count
    from {{ ref('int_orders__completed_lines') }}
    where not is_return
    group by last_day(order_date)
),

typed_lines as (
    select
        last_day(order_date) as month_end,
        count(*) as lines_count
    from {{ ref('purchase_types') }}
    group by last_day(order_date)
),

purchase_type_checks as (
    select
        months.month_end,
        'purchase_types' as check_name,
        'company' as scope_id,
        {%- if orders_known %}
        coalesce(typed_lines.lines_count, 0) as left_value,
        coalesce(order_lines.lines_count, 0) as right_value
        {%- else %}
        null as left_value,
        null as right_value
        {%- endif %}
    from months
    left join typed_lines on typed_lines.month_end = months.month_end
    left join order_lines on order_lines.month_end = months.month_end
),

checks as (
    {%- for checks in [
        'bridge_checks', 'adjoining_checks', 'ratio_checks', 'cohort_size_checks',
        'cohort_revenue_checks', 'tier_revenue_checks', 'purchase_type_checks'
    ] %}
    select
        month_end,
        check_name,
        scope_id,
        cast(left_value as decimal(24,6)) as left_value,
        cast(right_value as decimal(24,6)) as right_value
    from {{ checks }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- Ratios are compared to the hundredth of a percent, all else to the cent.
judged as (
    select
        checks.*,
        checks.left_value - checks.right_value as difference_value,
        cast(rules.tolerance_amount * case
            when checks.check_name = 'nrr_grr' then cast(0.01 as decimal(3,2))
            else 1
        end as decimal(18,4)) as tolerance_value
    from checks
    cross join rules
),

final as (
    select
        month_end,
        check_name,
        scope_id,
        cast(left_value as decimal(18,4)) as left_value,
        cast(right_value as decimal(18,4)) as right_value,
        cast(difference_value as decimal(18,4)) as difference_value,
        tolerance_value,
        case
            when difference_value is null then 'not_available'
            when abs(difference_value) <= tolerance_value then 'ok'
            when abs(difference_value) > tolerance_value then 'different'
        end as check_status,
        -- What we compute ourselves stops the publication before it could hold an alert.
        false as is_blocking
    from judged
)

select * from final
