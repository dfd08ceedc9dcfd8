with landed as ({{ current_rows('erp_order_lines', ['order_line_id']) }}),

final as (
    select
        order_line_id,
        order_id,
        {{ reference('erp_order_lines', 'product_id') }},
        quantity,
        list_amount,
        net_amount,
        gross_amount,
        coalesce(is_return, false) as is_return,
        promised_date,
        delivered_date,
        delivered_quantity
    from landed
)

select * from final
