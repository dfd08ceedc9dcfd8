with landed as ({{ current_rows('erp_invoice_lines', ['invoice_line_id']) }}),

final as (
    select
        invoice_line_id,
        invoice_id,
        {{ reference('erp_invoice_lines', 'product_id') }},
        quantity,
        list_amount,
        net_amount,
        cogs_amount
    from landed
)

select * from final
