with events as (
    select * from {{ ref('alert_events') }} where audience in ('bi', 'account_team')
),

final as (
    select
        as_of_date,
        event_key,
        alert_type,
        unit_type,
        unit_id,
        account_id,
        owner_user_id,
        effective_date,
        from_value,
        to_value,
        severity,
        base_severity,
        cause,
        severity_reasons,
        audience,
        delivery,
        at_stake_amount,
        source_mart,
        payload
    from events
)

select * from final
