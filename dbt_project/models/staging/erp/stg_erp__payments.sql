with landed as ({{ current_rows('erp_payments', ['payment_id']) }}),

final as (
    select
        payment_id,
        account_id,
        {{ reference('erp_payments', 'payer_account_id') }},
        received_date,
        method,
        coalesce(currency_code, '{{ var("base_currency") }}') as currency_code,
        amount
    from landed
    where received_date <= {{ as_of_date() }}
)

select * from final
