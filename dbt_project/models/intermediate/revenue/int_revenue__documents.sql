-- Posted invoices and credit notes with their rate to the base currency. What was voided never
-- counts, not even before that day.
with invoices as (select * from {{ ref('stg_erp__invoices') }} where voided_on is null),

rates as (select * from {{ ref('int_fx__rates') }}),

final as (
    select
        invoices.invoice_id,
        invoices.account_id,
        invoices.order_id,
        invoices.document_type,
        invoices.invoice_date,
        invoices.due_date,
        {{ month_start('invoices.invoice_date') }} as month_start,
        invoices.currency_code,
        invoices.gross_amount,
        invoices.disputed_amount,
        invoices.is_cash_sale,
        invoices.credit_reason,
        rates.rate_to_base as booking_rate
    from invoices
    inner join rates
        on rates.currency_code = invoices.currency_code
        and rates.rate_day = invoices.invoice_date
)

select * from final
