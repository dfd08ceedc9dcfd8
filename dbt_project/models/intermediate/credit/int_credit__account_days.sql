-- What could be lost at each account on each day described: open receivables at the closing rate,
-- and orders at the rate of their day, with their tax or with what the account's documents usually
-- carry.
-- Accounts from their first document or order on; without applications receivables are unknown, and
-- so is the exposure (ruling 18).
{%- set are_orders_known = is_present('erp_orders') and is_present('erp_order_lines') %}
with days as (select * from {{ ref('int_calendar__days') }}),

account_days as (select * from {{ ref('int_receivables__account_days') }}),

orders as (select * from {{ ref('int_credit__order_periods') }}),

tax_ratios as (select * from {{ ref('int_credit__tax_ratios') }}),

positions as (select * from {{ ref('int_control__positions') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

rules as ({{ dated_rows('credit_rules') }}),

first_orders as (
    select
        account_id,
        min(valid_from) as first_date
    from orders
    {%- if not is_present('erp_payment_applications') %}
    where false
    {%- endif %}
    group by account_id
),

grid as (
    select as_of_date, month_number, account_id from account_days
    union
    select
        days.as_of_date,
        {{ month_number('days.as_of_date') }} as month_number,
        first_orders.account_id
    from days
    inner join first_orders on first_orders.first_date <= days.as_of_date
),

-- Most orders are delivered within their month: few are open at any month-end.
spanned as (
    select
        account_id,
        order_part,
        is_taxed,
        order_amount,
        {{ month_number('valid_from') }} as first_number,
        {{ month_number('valid_to') }} as end_number
    from orders
    where {{ month_number('valid_to') }} > {{ month_number('valid_from') }}
),

at_days as (
    select
        days.as_of_date,
        spanned.account_id,
        spanned.order_part,
        spanned.is_taxed,
        spanned.order_amount
    from spanned
    inner join days
        on days.is_month_end
        and {{ month_number('days.as_of_date') }} >= spanned.first_number
        and {{ month_number('days.as_of_date') }} < spanned.end_number
    union all
    select
        days.as_of_date,
        orders.account_id,
        orders.order_part,
        orders.is_taxed,
        orders.order_amount
    from orders
    inner join days
        on days.is_latest
        and not days.is_month_end
        and days.as_of_date >= orders.valid_from
        and days.as_of_date < orders.valid_to
),

order_sums as (
    select
        as_of_date,
        account_id,
        {%- for part in ['shipped', 'open'] %}
        {{ money_sum("case when order_part = '" ~ part ~ "' and is_taxed then order_amount end") }}
            as taxed_{{ part }}_amount,
        {{ money_sum("case when order_part = '" ~ part ~ "' and not is_taxed then order_amount end") }}
            as untaxed_{{ part }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from at_days
    group by as_of_date, account_id
),

exposures as (
    select
        grid.as_of_date,
        grid.account_id,
        versions.payment_terms_days,
        versions.credit_limit_amount,
        coalesce(positions.gross_open_amount, 0) as gross_open_amount,
        coalesce(positions.overdue_amount, 0) as overdue_amount,
        {%- for part in ['shipped', 'open'] %}
        {%- if are_orders_known %}
        coalesce(order_sums.taxed_{{ part }}_amount, 0)
            + coalesce({{ multiply_divide('order_sums.untaxed_' ~ part ~ '_amount',
                'tax_ratios.taxed_amount', 'tax_ratios.untaxed_amount') }}, 0)
            as {{ part }}_amount,
        {%- else %}
        cast(null as decimal(18,2)) as {{ part }}_amount,
        {%- endif %}
        {%- endfor %}
        {%- if are_orders_known %}
        coalesce(order_sums.untaxed_shipped_amount, 0) > 0
            or coalesce(order_sums.untaxed_open_amount, 0) > 0 as is_tax_estimated,
        {%- else %}
        false as is_tax_estimated,
        {%- endif %}
        rules.watch_share,
        rules.hold_share
    from grid
    inner join versions
        on versions.account_id = grid.account_id
        and versions.valid_from <= grid.as_of_date
        and versions.valid_to > grid.as_of_date
    inner join rules
        on rules.valid_from <= grid.as_of_date and rules.valid_until > grid.as_of_date
    left join positions
        on positions.as_of_date = grid.as_of_date and positions.account_id = grid.account_id
    left join order_sums
        on order_sums.as_of_date = grid.as_of_date and order_sums.account_id = grid.account_id
    left join tax_ratios
        on tax_ratios.account_id = grid.account_id
        and tax_ratios.month_number = grid.month_number
),

summed as (
    select
        *,
        cast(gross_open_amount + coalesce(shipped_amount, 0) + coalesce(open_amount, 0)
            as decimal(18,2)) as exposure_amount
    from exposures
),

final as (
    select
        as_of_date,
        account_id,
        payment_terms_days as terms_days,
        credit_limit_amount,
        cast(gross_open_amount as decimal(18,2)) as gross_open_amount,
        cast(overdue_amount as decimal(18,2)) as overdue_amount,
        cast(shipped_amount as decimal(18,2)) as shipped_not_invoiced_amount,
        cast(open_amount as decimal(18,2)) as open_orders_amount,
        exposure_amount,
        {{ ratio('exposure_amount', 'credit_limit_amount') }} as utilisation_ratio,
        {{ credit_status('exposure_amount', 'credit_limit_amount', 'watch_share', 'hold_share') }}
            as credit_status,
        cast(credit_limit_amount - exposure_amount as decimal(18,2)) as headroom_amount,
        is_tax_estimated
    from summed
)

select * from final
