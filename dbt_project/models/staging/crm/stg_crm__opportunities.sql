with landed as ({{ current_rows('crm_opportunities', ['opportunity_id']) }}),

final as (
    select
        opportunity_id,
        account_id,
        opened_on,
        coalesce(is_won, false) and coalesce(closed_on <= {{ as_of_date() }}, true) as is_won
    from landed
    where opened_on <= {{ as_of_date() }}
)

select * from final
