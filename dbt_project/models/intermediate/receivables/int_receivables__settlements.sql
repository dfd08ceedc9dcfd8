-- One row per application to an invoice that counts, from the day on which invoice and source both
-- exist. `source_amount` is in the currency of the source (ruling 17). The day on which one of the two
-- is voided takes it back.
with applications as (select * from {{ ref('stg_erp__payment_applications') }}),

documents as (select * from {{ ref('int_receivables__documents') }}),

payments as (select * from {{ ref('stg_erp__payments') }}),

rates as (select * from {{ ref('int_fx__rates') }}),

joined as (
    select
        applications.application_id,
        applications.application_type,
        applications.invoice_id,
        applications.amount,
        applications.applied_date,
        invoices.account_id,
        invoices.currency_code,
        invoices.booking_rate,
        case
            when applications.application_type = 'payment' then payments.payment_id
            when applications.application_type = 'credit_note' then credit_notes.invoice_id
        end as source_id,
        coalesce(payments.currency_code, credit_notes.currency_code, invoices.currency_code)
            as source_currency_code,
        greatest(
            applications.applied_date,
            invoices.invoice_date,
            coalesce(payments.received_date, credit_notes.invoice_date, invoices.invoice_date)
        ) as effective_date,
        coalesce(payments.received_date, credit_notes.invoice_date) as source_date,
        -- The earlier one, also where only one of them is voided.
        least(
            coalesce(invoices.voided_on, credit_notes.voided_on),
            coalesce(credit_notes.voided_on, invoices.voided_on)
        ) as voided_on
    from applications
    inner join documents as invoices
        on invoices.invoice_id = applications.invoice_id and invoices.document_type = 'invoice'
    left join payments
        on payments.payment_id = applications.source_document_id
        and applications.application_type = 'payment'
    left join documents as credit_notes
        on credit_notes.invoice_id = applications.source_document_id
        and credit_notes.document_type = 'credit_note'
        and applications.application_type = 'credit_note'
),

rated as (
    select
        joined.application_id,
        joined.application_type,
        joined.invoice_id,
        joined.account_id,
        joined.source_id,
        joined.effective_date,
        joined.amount,
        case
            when joined.source_currency_code = joined.currency_code then joined.amount
            -- A rate has eight decimals and the division four, so both sides are moved by four.
            else cast({{ multiply_divide(
                at_rate('joined.amount', 'invoice_rates.rate_to_base'), '10000',
                'source_rates.rate_to_base * 10000') }} as decimal(18,2))
        end as source_amount,
        joined.booking_rate,
        -- Across currencies the source was changed into the currency of the invoice on that day.
        case
            when joined.source_currency_code = joined.currency_code
                then coalesce(booked.rate_to_base, joined.booking_rate)
            else invoice_rates.rate_to_base
        end as source_rate,
        joined.voided_on
    from joined
    left join rates as booked
        on booked.currency_code = joined.source_currency_code
        and booked.rate_day = joined.source_date
    left join rates as invoice_rates
        on invoice_rates.currency_code = joined.currency_code
        and invoice_rates.rate_day = joined.applied_date
        and joined.source_currency_code <> joined.currency_code
    left join rates as source_rates
        on source_rates.currency_code = joined.source_currency_code
        and source_rates.rate_day = joined.applied_date
        and joined.source_currency_code <> joined.currency_code
    where joined.voided_on is null or joined.effective_date < joined.voided_on
),

final as (
    select
        application_id,
        application_type,
        invoice_id,
        account_id,
        source_id,
        effective_date,
        amount,
        source_amount,
        booking_rate,
        source_rate
    from rated
    union all
    select
        application_id || ' void' as application_id,
        application_type,
        invoice_id,
        account_id,
        source_id,
        voided_on as effective_date,
        cast(-amount as decimal(18,2)) as amount,
        cast(-source_amount as decimal(18,2)) as source_amount,
        booking_rate,
        source_rate
    from rated
    where voided_on <= {{ as_of_date() }}
)

select * from final
