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

starts as (
    select
        account_id,
        old_from as started_on,
        min(document_id) as document_id
    from marked
    where not is_continued
    group by account_id, old_from
),

-- What was that old on the first day, at booked rates.
final as (
    select
        starts.account_id,
        starts.started_on,
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
    group by starts.account_id, starts.started_on, starts.document_id
)

select * from final
