{%- set paid = ['applications_count', 'applied_amount', 'amount_to_pay_days', 'amount_late_days'] -%}
-- What an account bought on credit in each of its twelve newest months, side by side, and what was
-- paid in the twelve months: to the end of a month, and in the running one to D.
with credit_sales as (select * from {{ ref('int_receivables__credit_sales') }}),

payment_months as (select * from {{ ref('int_receivables__payment_months') }}),

applications as (select * from {{ ref('int_receivables__cash_applications') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

-- On a day inside a month: (D - 12 months, D] (ruling 3).
paid_to_d as (
    select
        applications.account_id,
        count(*) as applications_count,
        sum(applications.booked_amount) as applied_amount,
        sum(applications.booked_amount * cast(applications.to_pay_days as decimal(9,0)))
            as amount_to_pay_days,
        sum(applications.booked_amount * cast(applications.late_days as decimal(9,0)))
            as amount_late_days
    from applications
    inner join bounds
        on bounds.as_of_date > bounds.last_month_end
        and applications.effective_date > bounds.year_start
        and applications.reversed_on > bounds.as_of_date
    group by applications.account_id
),

first_months as (
    select
        account_id,
        min(month_start) as first_month
    from (
        select account_id, month_start from credit_sales
        union all
        select account_id, month_start from payment_months
    ) as any_months
    group by account_id
),

first_of_all as (
    select min(first_month) as first_month from first_months
),

spine as (
    select months.month_start
    from first_of_all
    cross join bounds,
        lateral {{ months_between('first_of_all.first_month', 'bounds.as_of_date') }} as months
    where first_of_all.first_month is not null
),

-- Windows need no gaps: a month without sales counts as zero.
account_months as (
    select
        first_months.account_id,
        spine.month_start,
        coalesce(credit_sales.credit_sales_amount, 0) as credit_sales_amount,
        {%- for column in paid %}
        payment_months.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from first_months
    inner join spine on spine.month_start >= first_months.first_month
    left join credit_sales
        on credit_sales.account_id = first_months.account_id
        and credit_sales.month_start = spine.month_start
    left join payment_months
        on payment_months.account_id = first_months.account_id
        and payment_months.month_start = spine.month_start
),

windows as (
    select
        account_id,
        month_start,
        {%- for step in range(longest_lookback_months()) %}
        lag(credit_sales_amount, {{ step }}) over by_account as sales_{{ step }}_amount,
        {%- endfor %}
        {%- for column in paid %}
        sum({{ column }}) over so_far as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from account_months
    window
        by_account as (partition by account_id order by month_start),
        so_far as (
            partition by account_id order by month_start
            rows between unbounded preceding and current row
        )
),

final as (
    select
        windows.account_id,
        windows.month_start,
        {%- for step in range(longest_lookback_months()) %}
        coalesce(windows.sales_{{ step }}_amount, 0) as sales_{{ step }}_amount,
        {%- endfor %}
        {%- for column in paid %}
        -- The newest month is cut where D lies inside it.
        cast(coalesce(case
            when windows.month_start > bounds.last_month_end then paid_to_d.{{ column }}
            else windows.{{ column }}
        end, 0) as {{ 'bigint' if column == 'applications_count' else 'decimal(18,2)' }})
            as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from windows
    cross join bounds
    left join paid_to_d
        on paid_to_d.account_id = windows.account_id
)

select * from final
