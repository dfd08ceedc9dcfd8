-- Invoices with the day on which they fall due: their own, else the terms of the account on the
-- invoice date, else the default. Where nobody says what was sold for cash, it is what is due at
-- once. Empty when applications are not delivered at all (ruling 18).
with documents as (
    select * from {{ ref('int_receivables__documents') }}
    where document_type = 'invoice'
        {%- if not is_present('erp_payment_applications') %} and false{% endif %}
),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

terms as ({{ dated_rule('default_terms_days') }}),

dated as (
    select
        documents.invoice_id,
        documents.account_id,
        documents.invoice_date,
        coalesce(
            documents.due_date,
            {{ add_days('documents.invoice_date', 'coalesce(versions.payment_terms_days, terms.amount)') }}
        ) as effective_due_date,
        documents.due_date is null as is_due_date_imputed,
        documents.currency_code,
        documents.gross_amount,
        documents.disputed_amount,
        documents.is_cash_sale,
        documents.booking_rate,
        documents.voided_on
    from documents
    inner join terms
        on terms.valid_from <= documents.invoice_date
        and terms.valid_until > documents.invoice_date
    left join versions
        on documents.due_date is null
        and versions.account_id = documents.account_id
        and versions.valid_from <= documents.invoice_date
        and versions.valid_to > documents.invoice_date
),

final as (
    select
        invoice_id,
        account_id,
        invoice_date,
        effective_due_date,
        is_due_date_imputed,
        currency_code,
        gross_amount,
        disputed_amount,
        coalesce(is_cash_sale, effective_due_date <= invoice_date) as is_cash_sale,
        booking_rate,
        voided_on
    from dated
)

select * from final
