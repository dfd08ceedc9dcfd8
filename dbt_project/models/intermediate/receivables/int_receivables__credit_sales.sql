-- What each account bought on credit in a month, with tax, at booked rates, like the receivables
-- that it is compared with. A credit note counts on its own date; what is voided is taken back on that
-- day, as it is from what is open.
with invoices as (
    select * from {{ ref('int_receivables__invoices') }} where not is_cash_sale
),

credit_notes as (
    select * from {{ ref('int_receivables__documents') }}
    where document_type = 'credit_note'
    {%- if not is_present('erp_payment_applications') %} and false{% endif %}
),

moves as (
    {%- for document in ['invoices', 'credit_notes'] %}
    select
        account_id,
        {{ month_start('invoice_date') }} as month_start,
        {{ at_rate('gross_amount', 'booking_rate') }} as amount
    from {{ document }}
    union all
    select
        account_id,
        {{ month_start('voided_on') }} as month_start,
        -{{ at_rate('gross_amount', 'booking_rate') }} as amount
    from {{ document }}
    where voided_on <= {{ as_of_date() }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        account_id,
        month_start,
        {{ money_sum('amount') }} as credit_sales_amount
    from moves
    group by account_id, month_start
)

select * from final
