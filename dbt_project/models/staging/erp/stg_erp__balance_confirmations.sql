with landed as ({{ current_rows('erp_balance_confirmations', ['account_id', 'confirmation_date']) }}),

final as (
    select
        account_id,
        confirmation_date,
        confirmed_amount
    from landed
    where confirmation_date <= {{ as_of_date() }}
)

select * from final
