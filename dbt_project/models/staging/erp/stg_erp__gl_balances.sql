with landed as ({{ current_rows('erp_gl_balances', ['balance_date']) }}),

final as (
    select
        balance_date,
        receivables_amount
    from landed
    where balance_date <= {{ as_of_date() }}
)

select * from final
