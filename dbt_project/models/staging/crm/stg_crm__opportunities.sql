with landed as ({{ current_rows('crm_opportunities', ['opportunity_id']) }}),

final as (
    select
        opportunity_id,
        account_id,
        {{ reference('crm_opportunities', 'owner_user_id') }},
        buying_stage,
        entered_at_stage,
        amount,
        coalesce(currency_code, '{{ var("base_currency") }}') as currency_code,
        opened_on,
        case when closed_on <= {{ as_of_date() }} then closed_on end as closed_on,
        coalesce(is_won, false) and coalesce(closed_on <= {{ as_of_date() }}, true) as is_won,
        outcome_reason,
        outcome_category,
        case when need_qualified_on <= {{ as_of_date() }} then need_qualified_on end
            as need_qualified_on
    from landed
    where opened_on <= {{ as_of_date() }}
)

select * from final
