with landed as ({{ current_rows('crm_relationship_evidence', ['evidence_id']) }}),

final as (
    select
        evidence_id,
        account_id,
        evidence_type,
        start_date,
        end_date
    from landed
    where start_date <= {{ as_of_date() }}
)

select * from final
