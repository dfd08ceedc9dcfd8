-- What each document left open, as periods [valid_from, valid_to) of one amount in its currency:
-- invoices, their over-applied surplus, receipts and credit notes. Empty when applications are not
-- delivered at all (ruling 18).
with documents as (
    select * from {{ ref('int_receivables__documents') }}
    {%- if not is_present('erp_payment_applications') %} where false{% endif %}
),

payments as (
    select * from {{ ref('stg_erp__payments') }}
    {%- if not is_present('erp_payment_applications') %} where false{% endif %}
),

settlements as (select * from {{ ref('int_receivables__settlements') }}),

rates as (select * from {{ ref('int_fx__rates') }}),

invoices as (select * from {{ ref('int_receivables__invoices') }}),

-- Amounts that move a balance, by document and day.
moves as (
    select
        'invoice' as kind,
        invoice_id as document_id,
        invoice_date as day,
        gross_amount as amount,
        {{ at_rate('gross_amount', 'booking_rate') }} as booked_amount,
        cast(null as decimal(18,8)) as source_rate
    from invoices
    union all
    select
        'invoice' as kind,
        invoice_id as document_id,
        voided_on as day,
        -gross_amount as amount,
        -{{ at_rate('gross_amount', 'booking_rate') }} as booked_amount,
        cast(null as decimal(18,8)) as source_rate
    from invoices
    where voided_on <= {{ as_of_date() }}
    union all
    select
        'invoice' as kind,
        invoice_id as document_id,
        effective_date as day,
        -amount as amount,
        -{{ at_rate('amount', 'booking_rate') }} as booked_amount,
        source_rate
    from settlements
    union all
    select
        'credit_note' as kind,
        invoice_id as document_id,
        invoice_date as day,
        -gross_amount as amount,
        0 as booked_amount,
        cast(null as decimal(18,8)) as source_rate
    from documents
    where document_type = 'credit_note'
    union all
    select
        'credit_note' as kind,
        invoice_id as document_id,
        voided_on as day,
        gross_amount as amount,
        0 as booked_amount,
        cast(null as decimal(18,8)) as source_rate
    from documents
    where document_type = 'credit_note' and voided_on <= {{ as_of_date() }}
    union all
    select
        'payment' as kind,
        payment_id as document_id,
        received_date as day,
        amount,
        0 as booked_amount,
        cast(null as decimal(18,8)) as source_rate
    from payments
    union all
    select
        application_type as kind,
        source_id as document_id,
        effective_date as day,
        -source_amount as amount,
        0 as booked_amount,
        cast(null as decimal(18,8)) as source_rate
    from settlements
    where source_id is not null and application_type in ('payment', 'credit_note')
),

days as (
    select
        kind,
        document_id,
        day,
        sum(amount) as amount,
        sum(booked_amount) as booked_amount,
        max(source_rate) as source_rate
    from moves
    group by kind, document_id, day
),

periods as (
    select
        kind,
        document_id,
        day as valid_from,
        coalesce(lead(day) over by_document, {{ end_of_time() }}) as valid_to,
        cast(sum(amount) over by_document as decimal(18,2)) as open_amount,
        cast(sum(booked_amount) over by_document as decimal(18,2)) as open_booked_amount,
        source_rate
    from days
    window by_document as (partition by kind, document_id order by day)
),

final as (
    select
        'invoice' as kind,
        periods.document_id,
        invoices.account_id,
        invoices.currency_code,
        invoices.booking_rate,
        invoices.invoice_date as document_date,
        invoices.effective_due_date,
        invoices.is_due_date_imputed,
        coalesce(invoices.disputed_amount, 0) as disputed_amount,
        periods.valid_from,
        periods.valid_to,
        periods.open_amount,
        -- As a ledger posts it: each application rounded, at the rate of the invoice (ruling 17).
        periods.open_booked_amount
    from periods
    inner join invoices on invoices.invoice_id = periods.document_id
    where periods.kind = 'invoice' and periods.open_amount > 0
    union all
    -- More applied than owed: the surplus is money received and not applied.
    select
        'surplus' as kind,
        periods.document_id,
        invoices.account_id,
        invoices.currency_code,
        coalesce(periods.source_rate, invoices.booking_rate) as booking_rate,
        periods.valid_from as document_date,
        cast(null as date) as effective_due_date,
        false as is_due_date_imputed,
        0 as disputed_amount,
        periods.valid_from,
        periods.valid_to,
        -periods.open_amount as open_amount,
        {{ at_rate('-periods.open_amount', 'coalesce(periods.source_rate, invoices.booking_rate)') }}
            as open_booked_amount
    from periods
    inner join invoices on invoices.invoice_id = periods.document_id
    where periods.kind = 'invoice' and periods.open_amount < 0
    union all
    select
        'payment' as kind,
        periods.document_id,
        payments.account_id,
        payments.currency_code,
        rates.rate_to_base as booking_rate,
        payments.received_date as document_date,
        cast(null as date) as effective_due_date,
        false as is_due_date_imputed,
        0 as disputed_amount,
        periods.valid_from,
        periods.valid_to,
        periods.open_amount,
        {{ at_rate('periods.open_amount', 'rates.rate_to_base') }} as open_booked_amount
    from periods
    inner join payments on payments.payment_id = periods.document_id
    inner join rates
        on rates.currency_code = payments.currency_code and rates.rate_day = payments.received_date
    where periods.kind = 'payment' and periods.open_amount <> 0
    union all
    select
        'credit_note' as kind,
        periods.document_id,
        documents.account_id,
        documents.currency_code,
        documents.booking_rate,
        documents.invoice_date as document_date,
        cast(null as date) as effective_due_date,
        false as is_due_date_imputed,
        0 as disputed_amount,
        periods.valid_from,
        periods.valid_to,
        periods.open_amount,
        {{ at_rate('periods.open_amount', 'documents.booking_rate') }} as open_booked_amount
    from periods
    inner join documents on documents.invoice_id = periods.document_id
    where periods.kind = 'credit_note' and periods.open_amount <> 0
)

select * from final
