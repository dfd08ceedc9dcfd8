-- A payment trap that was entered is left before it is entered again, and each alert is the verdict
-- of its month-end. Red by an alert on an account that is no trap.
with alerts as (
    select
        *,
        lag(to_value) over (partition by unit_id order by effective_date) as value_before
    from {{ ref('alert_events') }}
    where source_mart = 'payment_behaviour'
),

behaviour as (select * from {{ ref('payment_behaviour') }} where is_month_end)

select alerts.event_key, behaviour.payment_trap_status
from alerts
left join behaviour
    on behaviour.account_id = alerts.unit_id and behaviour.as_of_date = alerts.effective_date
where (
    alerts.to_value = behaviour.payment_trap_status
    and alerts.from_value = coalesce(alerts.value_before, 'no_trap')
    and alerts.from_value <> alerts.to_value
    and alerts.at_stake_amount = behaviour.average_gross_amount
) is not true
