-- What was paid on the invoices of each account, by month and whether in the twelve months to D: all
-- of it, what came from a receipt of another account, and what went to a newer invoice while an
-- older undisputed one was long past due. Reversals are left out: they bring no money.
with settlements as (
    select * from {{ ref('int_receivables__settlements') }}
    where application_type = 'payment' and amount > 0
),

documents as (select * from {{ ref('int_receivables__documents') }}),

payments as (select * from {{ ref('stg_erp__payments') }}),

balances as (
    select * from {{ ref('int_receivables__balances') }}
    where kind = 'invoice' and disputed_amount = 0
),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

rules as ({{ dated_rows('control_rules') }}),

-- What one receipt pays on an invoice on a day counts once, in however many parts.
parts as (
    select
        account_id,
        invoice_id,
        source_id,
        effective_date,
        {{ at_rate(money_sum('amount'), 'booking_rate') }} as amount
    from settlements
    group by account_id, invoice_id, source_id, effective_date, booking_rate
),

applied as (
    select
        parts.account_id,
        parts.effective_date,
        documents.invoice_date,
        {{ month_number('parts.effective_date') }} as month_number,
        count(*) as applications_count,
        sum(parts.amount) as applied_amount,
        sum(case when payments.account_id <> parts.account_id then parts.amount else 0 end)
            as cross_account_amount
    from parts
    inner join documents on documents.invoice_id = parts.invoice_id
    left join payments on payments.payment_id = parts.source_id
    group by
        parts.account_id, parts.effective_date, documents.invoice_date,
        {{ month_number('parts.effective_date') }}
),

pay_days as (
    select account_id, effective_date, month_number from applied
    group by account_id, effective_date, month_number
),

months as (select month_number from pay_days group by month_number),

late_periods as (
    select
        balances.account_id,
        balances.document_date,
        greatest(
            balances.valid_from,
            {{ add_days('balances.effective_due_date', 'rules.out_of_order_days + 1') }}
        ) as late_from,
        balances.valid_to as late_to
    from balances
    inner join rules
        on rules.valid_from <= balances.effective_due_date
        and rules.valid_until > balances.effective_due_date
    where {{ add_days('balances.effective_due_date', 'rules.out_of_order_days + 1') }}
        < balances.valid_to
),

-- By month, so that a day of payment meets only what was late around it.
late_months as (
    select
        late_periods.*,
        months.month_number
    from late_periods
    inner join months
        on months.month_number >= {{ month_number('late_periods.late_from') }}
        and months.month_number <= {{ month_number('late_periods.late_to') }}
),

oldest_late as (
    select
        pay_days.account_id,
        pay_days.effective_date,
        min(late_months.document_date) as document_date
    from pay_days
    inner join late_months
        on late_months.account_id = pay_days.account_id
        and late_months.month_number = pay_days.month_number
        and late_months.late_from <= pay_days.effective_date
        and late_months.late_to > pay_days.effective_date
    group by pay_days.account_id, pay_days.effective_date
),

final as (
    select
        applied.account_id,
        applied.month_number,
        applied.effective_date > bounds.year_start as is_in_year_to_d,
        cast(sum(applied.applications_count) as bigint) as applications_count,
        {{ money_sum('applied.applied_amount') }} as applied_amount,
        {{ money_sum('applied.cross_account_amount') }} as cross_account_amount,
        {{ money_sum('case when oldest_late.document_date < applied.invoice_date
            then applied.applied_amount end') }} as out_of_order_amount
    from applied
    cross join bounds
    left join oldest_late
        on oldest_late.account_id = applied.account_id
        and oldest_late.effective_date = applied.effective_date
    group by
        applied.account_id, applied.month_number, applied.effective_date > bounds.year_start
)

select * from final
