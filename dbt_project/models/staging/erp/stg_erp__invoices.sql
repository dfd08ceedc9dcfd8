with landed as ({{ current_rows('erp_invoices', ['invoice_id']) }}),

final as (
    select
        invoice_id,
        account_id,
        {{ reference('erp_invoices', 'order_id') }},
        document_type,
        invoice_date,
        due_date,
        coalesce(currency_code, '{{ var("base_currency") }}') as currency_code,
        gross_amount,
        disputed_amount,
        is_cash_sale
    from landed
    where invoice_date <= {{ as_of_date() }}
        and coalesce(status, 'posted') = 'posted'
)

select * from final
