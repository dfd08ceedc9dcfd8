-- Average daily gross receivables of the twelve months to each day described, at booked rates.
-- The sum of all daily balances up to a day is that day times what changed before, less each change
-- times its own day; so no balance is repeated for its days. Counted from the month of the first
-- document on.
with grid as (select * from {{ ref('int_receivables__account_days') }}),

balances as (
    select * from {{ ref('int_receivables__balances') }} where kind = 'invoice'
),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

changes as (
    select account_id, valid_from as changed_on, open_booked_amount as amount from balances
    union all
    select account_id, valid_to as changed_on, -open_booked_amount as amount from balances
),

counted as (
    select
        changes.account_id,
        greatest(changes.changed_on, {{ month_start('bounds.first_document_date') }})
            as changed_on,
        changes.amount
    from changes
    cross join bounds
    where changes.changed_on <= bounds.as_of_date
),

-- The day after a change is the first that it has been there for a whole day.
days as (
    select
        account_id,
        changed_on,
        {{ month_number('changed_on') }} as month_number,
        sum(amount) as amount,
        sum(cast(amount * cast(
            {{ days_between(beginning_of_time(), 'changed_on') }} - 1 as integer
        ) as decimal(28,2))) as day_amount
    from counted
    group by account_id, changed_on
),

steps as (
    select
        account_id,
        month_number,
        sum(amount) as amount,
        sum(day_amount) as day_amount
    from days
    group by account_id, month_number
),

cumulative as (
    select
        grid.as_of_date,
        grid.is_month_end,
        grid.account_id,
        grid.month_number,
        {{ days_between(beginning_of_time(), 'grid.as_of_date') }} as day_number,
        cast(coalesce(sum(steps.amount) over so_far, 0) as decimal(24,2)) as amount,
        cast(coalesce(sum(steps.day_amount) over so_far, 0) as decimal(28,2)) as day_amount
    from grid
    left join steps
        on steps.account_id = grid.account_id and steps.month_number = grid.month_number
    window so_far as (
        partition by grid.account_id order by grid.month_number
        rows between unbounded preceding and current row
    )
),

totals as (
    select
        *,
        cast(amount * cast(day_number as integer) - day_amount as decimal(28,2)) as total_amount
    from cumulative
),

-- D inside a month starts its twelve months inside a month as well.
year_ago as (
    select
        days.account_id,
        sum(
            cast(days.amount * cast(
                {{ days_between(beginning_of_time(), 'bounds.year_start') }} as integer
            ) as decimal(28,2)) - days.day_amount
        ) as total_amount
    from days
    inner join bounds on days.changed_on <= bounds.year_start
    group by days.account_id
),

windows as (
    select
        totals.as_of_date,
        totals.account_id,
        totals.total_amount - coalesce(case
            when totals.is_month_end then lag(totals.total_amount, 12) over (
                partition by totals.account_id order by totals.month_number
            )
            when not totals.is_month_end then year_ago.total_amount
        end, 0) as total_amount,
        {{ days_between('case when totals.is_month_end
            then last_day(' ~ add_months('totals.as_of_date', -12) ~ ')
            else bounds.year_start end', 'totals.as_of_date') }} as days_count
    from totals
    cross join bounds
    left join year_ago on year_ago.account_id = totals.account_id
),

final as (
    select
        as_of_date,
        account_id,
        {{ multiply_divide('total_amount', '1', 'days_count') }} as average_gross_amount
    from windows
)

select * from final
