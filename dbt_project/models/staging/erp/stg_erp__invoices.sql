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
        is_cash_sale,
        case when document_type = 'credit_note' then credit_reason end as credit_reason,
        case when status = 'void' then voided_on end as voided_on
    from landed
    where invoice_date <= {{ as_of_date() }}
        and (coalesce(status, 'posted') = 'posted' or voided_on > invoice_date)
)

select * from final
