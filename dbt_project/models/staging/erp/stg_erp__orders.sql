with landed as ({{ current_rows('erp_orders', ['order_id']) }}),

final as (
    select
        order_id,
        account_id,
        order_date,
        coalesce(currency_code, '{{ var("base_currency") }}') as currency_code,
        status,
        {{ reference('erp_orders', 'opportunity_id') }},
        quote_date,
        freight_amount
    from landed
    where order_date <= {{ as_of_date() }}
)

select * from final
