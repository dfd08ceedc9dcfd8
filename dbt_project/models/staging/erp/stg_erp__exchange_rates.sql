with landed as ({{ current_rows('erp_exchange_rates', ['currency_code', 'rate_date']) }}),

final as (
    select
        currency_code,
        rate_date,
        rate_to_base
    from landed
    where rate_date <= {{ as_of_date() }}
)

select * from final
