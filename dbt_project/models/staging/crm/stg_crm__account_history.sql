-- What an account was before the first load, as the source remembers it.
with landed as ({{ current_rows('crm_account_history', ['account_id', 'field', 'valid_from']) }}),

final as (
    select
        account_id,
        field,
        valid_from,
        value
    from landed
)

select * from final
