-- Accounts month by month without gaps, from their first line to the last month-end: what a
-- forecast made at a month-end knows.
with account_months as (select * from {{ ref('int_revenue__account_months') }}),

months as (select * from {{ ref('int_calendar__month_ends') }}),

first_months as (
    select
        account_id,
        min(month_number) as first_month_number
    from account_months
    group by account_id
),

filled as (
    select
        first_months.account_id,
        months.month_end,
        months.month_number,
        {{ whole_division('months.month_number - 1', '3') }} as quarter_number,
        months.month_number - first_months.first_month_number + 1 as history_months_count,
        coalesce(account_months.net_amount, 0) as net_amount
    from first_months
    inner join months on months.month_number >= first_months.first_month_number
    left join account_months
        on account_months.account_id = first_months.account_id
        and account_months.month_number = months.month_number
),

final as (
    select
        account_id,
        month_end,
        month_number,
        history_months_count,
        cast(net_amount as decimal(18,2)) as net_amount,
        cast(sum(net_amount) over (partition by account_id, quarter_number) as decimal(18,2))
            as quarter_net_amount
    from filled
)

select * from final
