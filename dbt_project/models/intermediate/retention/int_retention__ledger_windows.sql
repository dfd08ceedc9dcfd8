-- Revenue of the twelve months to each month-end of the bridge, from the ledger: all lines, less those
-- of who was internal then.
with months as (select * from {{ ref('int_calendar__month_ends') }} where is_bridge_month),

line_groups as (select * from {{ ref('int_revenue__line_groups') }}),

internal_units as (
    select epoch_date, account_id from {{ ref('int_identity__account_units') }} where is_internal
),

ledger_months as (
    select
        month_start,
        sum(net_amount) as net_amount
    from line_groups
    group by month_start
),

internal_accounts as (select account_id from internal_units group by account_id),

internal_months as (
    select
        line_groups.account_id,
        line_groups.month_start,
        sum(line_groups.net_amount) as net_amount
    from line_groups
    inner join internal_accounts on internal_accounts.account_id = line_groups.account_id
    group by line_groups.account_id, line_groups.month_start
),

internal_windows as (
    select
        months.month_end,
        sum(internal_months.net_amount) as net_amount
    from months
    inner join internal_units on internal_units.epoch_date = months.epoch_date
    inner join internal_months
        on internal_months.account_id = internal_units.account_id
        and internal_months.month_start >= months.window_from
        and internal_months.month_start <= months.month_start
    group by months.month_end
),

all_windows as (
    select
        months.month_end,
        sum(ledger_months.net_amount) as net_amount
    from months
    inner join ledger_months
        on ledger_months.month_start >= months.window_from
        and ledger_months.month_start <= months.month_start
    group by months.month_end
),

final as (
    select
        months.month_end,
        cast(coalesce(all_windows.net_amount, 0) - coalesce(internal_windows.net_amount, 0)
            as decimal(18,2)) as net_amount
    from months
    left join all_windows on all_windows.month_end = months.month_end
    left join internal_windows on internal_windows.month_end = months.month_end
)

select * from final
