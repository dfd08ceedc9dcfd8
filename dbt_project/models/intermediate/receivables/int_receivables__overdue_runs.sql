-- Runs of days on which an account owed anything more than 90 days past due, from the periods of
-- its items; a run ends when nothing that old is left.
with balances as (
    select * from {{ ref('int_receivables__balances') }} where kind = 'invoice'
),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

rules as ({{ dated_rule('overdue_90_days') }}),

old_periods as (
    select
        balances.account_id,
        balances.document_id,
        greatest(
            balances.valid_from, {{ add_days('balances.effective_due_date', 'rules.amount') }}
        ) as old_from,
        balances.valid_to as old_to
    from balances
    inner join rules
        on rules.valid_from <= balances.effective_due_date
        and rules.valid_until > balances.effective_due_date
    cross join bounds
    where {{ add_days('balances.effective_due_date', 'rules.amount') }} < balances.valid_to
        and greatest(
            balances.valid_from, {{ add_days('balances.effective_due_date', 'rules.amount') }}
        ) <= bounds.as_of_date
),

marked as (
    select
        old_periods.*,
        coalesce(
            max(old_to) over (
                partition by account_id order by old_from, old_to, document_id
                rows between unbounded preceding and 1 preceding
            ) >= old_from, false
        ) as is_continued
    from old_periods
),

numbered as (
    select
        marked.*,
        sum(case when is_continued then 0 else 1 end) over (
            partition by account_id order by old_from, old_to, document_id
        ) as run_number
    from marked
),

ends as (
    select
        account_id,
        run_number,
        max(old_to) as ended_on
    from numbered
    group by account_id, run_number
),

starts as (
    select
        numbered.account_id,
        numbered.old_from as started_on,
        ends.ended_on,
        min(numbered.document_id) as document_id
    from numbered
    inner join ends
        on ends.account_id = numbered.account_id and ends.run_number = numbered.run_number
    where not is_continued
    group by numbered.account_id, numbered.old_from, ends.ended_on
),

-- What was that old on the first day, at booked rates.
final as (
    select
        starts.account_id,
        starts.started_on,
        starts.ended_on,
        starts.document_id,
        {{ money_sum('balances.open_booked_amount') }} as overdue_amount
    from starts
    inner join balances
        on balances.account_id = starts.account_id
        and balances.valid_from <= starts.started_on
        and balances.valid_to > starts.started_on
    inner join rules
        on rules.valid_from <= balances.effective_due_date
        and rules.valid_until > balances.effective_due_date
        and {{ add_days('balances.effective_due_date', 'rules.amount') }} <= starts.started_on
    group by starts.account_id, starts.started_on, starts.ended_on, starts.document_id
)

select * from final
