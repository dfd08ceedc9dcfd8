with landed as ({{ current_rows('crm_account_team', ['account_id', 'user_id', 'valid_from']) }}),

final as (
    select
        account_id,
        user_id,
        valid_from,
        coalesce(valid_to, {{ end_of_time() }}) as valid_to
    from landed
    where valid_from <= {{ as_of_date() }}
)

select * from final
