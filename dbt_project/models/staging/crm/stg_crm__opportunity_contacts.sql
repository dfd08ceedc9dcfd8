with landed as (
    {{ current_rows('crm_opportunity_contacts', ['opportunity_id', 'contact_id']) }}
),

final as (
    select
        opportunity_id,
        contact_id,
        role
    from landed
)

select * from final
