-- What each account bought on credit in a month, with tax, at booked rates, like the receivables
-- that it is compared with. A credit note counts on its own date.
with invoices as (
    select * from {{ ref('int_receivables__invoices') }} where not is_cash_sale
),

credit_notes as (
    select * from {{ ref('int_revenue__documents') }}
    where document_type = 'credit_note'
    {%- if not is_present('erp_payment_applications') %} and false{% endif %}
),

documents as (
    select
        account_id,
        {{ month_start('invoice_date') }} as month_start,
        {{ at_rate('gross_amount', 'booking_rate') }} as amount
    from invoices
    union all
    select
        account_id,
        month_start,
        {{ at_rate('gross_amount', 'booking_rate') }} as amount
    from credit_notes
),

final as (
    select
        account_id,
        month_start,
        {{ money_sum('amount') }} as credit_sales_amount
    from documents
    group by account_id, month_start
)

select * from final
