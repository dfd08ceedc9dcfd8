-- What was promised on each invoice for a day, and what had come when that day was over. Nobody says
-- when a promise was made, so money counts from the promised day before on; what is missing is never
-- more than what was left open.
with promises as (
    select
        invoice_id,
        promised_date,
        {{ money_sum('amount') }} as promised_amount
    from {{ ref('stg_erp__payment_promises') }}
    group by invoice_id, promised_date
),

invoices as (select * from {{ ref('int_receivables__invoices') }}),

settlements as (
    select * from {{ ref('int_receivables__settlements') }} where application_type = 'payment'
),

balances as (
    select * from {{ ref('int_receivables__balances') }} where kind = 'invoice'
),

spans as (
    select
        promises.*,
        invoices.account_id,
        invoices.booking_rate,
        promises.promised_date < {{ as_of_date() }} as is_over,
        lag(promises.promised_date) over (
            partition by promises.invoice_id order by promises.promised_date
        ) as former_date
    from promises
    inner join invoices on invoices.invoice_id = promises.invoice_id
),

paid as (
    select
        spans.invoice_id,
        spans.promised_date,
        {{ money_sum('settlements.amount') }} as paid_amount
    from spans
    inner join settlements
        on settlements.invoice_id = spans.invoice_id
        and settlements.effective_date <= spans.promised_date
        and (spans.former_date is null or settlements.effective_date > spans.former_date)
    where spans.is_over
    group by spans.invoice_id, spans.promised_date
),

measured as (
    select
        spans.*,
        -- A bounce of what came before takes nothing from this promise.
        cast(greatest(coalesce(paid.paid_amount, 0), 0) as decimal(18,2)) as paid_amount,
        coalesce(balances.open_amount, 0) as open_amount,
        coalesce(balances.open_booked_amount, 0) as open_booked_amount
    from spans
    left join paid
        on paid.invoice_id = spans.invoice_id and paid.promised_date = spans.promised_date
    left join balances
        on balances.document_id = spans.invoice_id
        and balances.valid_from <= spans.promised_date
        and balances.valid_to > spans.promised_date
),

missed as (
    select
        *,
        case when is_over then cast(
            greatest(least(promised_amount - paid_amount, open_amount), 0) as decimal(18,2)
        ) end as missing_amount
    from measured
),

final as (
    select
        invoice_id,
        promised_date,
        account_id,
        {{ at_rate('promised_amount', 'booking_rate') }} as promised_amount,
        case when is_over then {{ at_rate('paid_amount', 'booking_rate') }} end as paid_amount,
        case when is_over then {{ at_rate('missing_amount', 'booking_rate') }} end
            as missing_amount,
        case when is_over then cast(open_booked_amount as decimal(18,2)) end as open_booked_amount,
        coalesce(missing_amount > 0, false) as is_broken
    from missed
)

select * from final
