with landed as ({{ current_rows('erp_payment_promises', ['promise_id']) }}),

final as (
    select
        promise_id,
        invoice_id,
        promised_date,
        amount
    from landed
)

select * from final
