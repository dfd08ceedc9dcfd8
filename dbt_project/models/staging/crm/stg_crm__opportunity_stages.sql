with landed as (
    {{ current_rows('crm_opportunity_stages', ['opportunity_id', 'buying_stage', 'entered_on']) }}
),

final as (
    select
        opportunity_id,
        buying_stage,
        entered_on
    from landed
    where entered_on <= {{ as_of_date() }}
)

select * from final
