-- What the collection cycle of an account is made of (semantics 3.6): what was paid in the twelve
-- months and what is open and overdue, with its age as a lower bound.
with grid as (select * from {{ ref('int_receivables__account_days') }}),

spells as (select * from {{ ref('int_receivables__cash_spells') }}),

overdue as (
    select
        *,
        {{ month_number('as_of_date') }} as month_number
    from {{ ref('int_receivables__items_by_day') }}
    where kind = 'invoice' and bucket <> 'current'
),

changes as (
    select
        account_id,
        from_number as month_number,
        booked_amount as amount,
        to_pay_days_amount,
        late_days_amount,
        0 as invoices_count
    from spells
    union all
    select
        account_id,
        to_number as month_number,
        -booked_amount as amount,
        -to_pay_days_amount as to_pay_days_amount,
        -late_days_amount as late_days_amount,
        case when counted_from_number < to_number then -1 else 0 end as invoices_count
    from spells
    union all
    select
        account_id,
        counted_from_number as month_number,
        0 as amount,
        0 as to_pay_days_amount,
        0 as late_days_amount,
        1 as invoices_count
    from spells
    where counted_from_number < to_number
),

steps as (
    select
        account_id,
        month_number,
        sum(amount) as amount,
        sum(to_pay_days_amount) as to_pay_days_amount,
        sum(late_days_amount) as late_days_amount,
        sum(invoices_count) as invoices_count
    from changes
    group by account_id, month_number
),

paid as (
    select
        grid.as_of_date,
        grid.account_id,
        coalesce(sum(steps.amount) over so_far, 0) as amount,
        coalesce(sum(steps.to_pay_days_amount) over so_far, 0) as to_pay_days_amount,
        coalesce(sum(steps.late_days_amount) over so_far, 0) as late_days_amount,
        coalesce(sum(steps.invoices_count) over so_far, 0) as invoices_count
    from grid
    left join steps
        on steps.account_id = grid.account_id and steps.month_number = grid.month_number
    window so_far as (
        partition by grid.account_id order by grid.month_number
        rows between unbounded preceding and current row
    )
),

owed as (
    select
        overdue.as_of_date,
        overdue.account_id,
        sum(overdue.open_amount) as amount,
        sum(cast(overdue.open_amount * overdue.age_days as decimal(28,2))) as to_pay_days_amount,
        sum(cast(overdue.open_amount * overdue.past_due_days as decimal(28,2)))
            as late_days_amount,
        max(overdue.past_due_days) as oldest_overdue_days,
        sum(case when spells.invoice_id is null then 1 else 0 end) as invoices_count
    from overdue
    left join spells
        on spells.invoice_id = overdue.document_id
        and spells.counted_from_number <= overdue.month_number
        and spells.to_number > overdue.month_number
    group by overdue.as_of_date, overdue.account_id
),

final as (
    select
        paid.as_of_date,
        paid.account_id,
        cast(paid.invoices_count + coalesce(owed.invoices_count, 0) as bigint)
            as measured_invoices_count,
        cast(paid.amount + coalesce(owed.amount, 0) as decimal(18,2)) as measured_amount,
        cast(paid.to_pay_days_amount + coalesce(owed.to_pay_days_amount, 0) as decimal(28,2))
            as to_pay_days_amount,
        cast(paid.late_days_amount + coalesce(owed.late_days_amount, 0) as decimal(28,2))
            as late_days_amount,
        cast(owed.oldest_overdue_days as bigint) as oldest_overdue_days
    from paid
    left join owed
        on owed.as_of_date = paid.as_of_date and owed.account_id = paid.account_id
)

select * from final
