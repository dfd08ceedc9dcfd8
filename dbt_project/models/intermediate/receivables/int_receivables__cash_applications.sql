-- What customers paid on their invoices, from the day on which it counts. A reversal (a bounced
-- payment) takes back the oldest part of the same payment on the same invoice: that part counts
-- until then and not at all afterwards, whatever its own day.
with settlements as (
    select * from {{ ref('int_receivables__settlements') }}
    where application_type = 'payment' and amount <> 0
),

invoices as (select * from {{ ref('int_receivables__invoices') }}),

-- Each amount as a stretch of all that the payment paid, or took back, on the invoice.
stretches as (
    select
        application_id,
        invoice_id,
        coalesce(source_id, '') as source_key,
        effective_date,
        amount > 0 as is_paid,
        abs(amount) as amount,
        cast(sum(abs(amount)) over earlier as decimal(28,2)) as to_amount
    from settlements
    window earlier as (
        partition by invoice_id, coalesce(source_id, ''), amount > 0
        order by effective_date, application_id
        rows between unbounded preceding and current row
    )
),

paid as (select * from stretches where is_paid),

reversals as (select * from stretches where not is_paid),

reversed as (
    select
        invoice_id,
        source_key,
        max(to_amount) as amount
    from reversals
    group by invoice_id, source_key
),

parts as (
    select
        paid.application_id,
        paid.invoice_id,
        paid.effective_date,
        {{ end_of_time() }} as reversed_on,
        least(paid.amount, paid.to_amount - coalesce(reversed.amount, 0)) as amount
    from paid
    left join reversed
        on reversed.invoice_id = paid.invoice_id and reversed.source_key = paid.source_key
    where paid.to_amount > coalesce(reversed.amount, 0)
    union all
    select
        paid.application_id,
        paid.invoice_id,
        paid.effective_date,
        reversals.effective_date as reversed_on,
        least(paid.to_amount, reversals.to_amount)
            - greatest(paid.to_amount - paid.amount, reversals.to_amount - reversals.amount)
            as amount
    from paid
    inner join reversals
        on reversals.invoice_id = paid.invoice_id
        and reversals.source_key = paid.source_key
        and reversals.to_amount > paid.to_amount - paid.amount
        and reversals.to_amount - reversals.amount < paid.to_amount
    where reversals.effective_date > paid.effective_date
),

final as (
    select
        parts.application_id,
        parts.reversed_on,
        parts.invoice_id,
        invoices.account_id,
        parts.effective_date,
        {{ days_between('invoices.invoice_date', 'parts.effective_date') }} as to_pay_days,
        {{ days_between('invoices.effective_due_date', 'parts.effective_date') }} as late_days,
        {{ at_rate(money_sum('parts.amount'), 'invoices.booking_rate') }} as booked_amount
    from parts
    inner join invoices on invoices.invoice_id = parts.invoice_id
    group by
        parts.application_id, parts.reversed_on, parts.invoice_id, parts.effective_date,
        invoices.account_id, invoices.invoice_date, invoices.effective_due_date,
        invoices.booking_rate
)

select * from final
