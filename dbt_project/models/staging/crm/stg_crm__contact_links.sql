with landed as ({{ current_rows('crm_contact_links', ['from_contact_id', 'to_contact_id']) }}),

final as (
    select
        from_contact_id,
        to_contact_id,
        polarity
    from landed
)

select * from final
