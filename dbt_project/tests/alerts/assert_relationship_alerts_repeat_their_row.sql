-- What is told of a relationship is what its row says. Red by a relationship that hangs on nobody, or
-- by a loss to another stage.
select
    events.unit_id,
    events.effective_date
from {{ ref('alert_events') }} as events
left join {{ ref('relationship_stages') }} as stages
    on stages.account_id = events.unit_id and stages.as_of_date = events.effective_date
where (events.alert_type = 'single_threaded_enter' and stages.is_single_threaded is not true)
    or (
        events.alert_type = 'stage_loss'
        and (cast(stages.confirmed_stage as {{ text_type() }}) = events.to_value) is not true
    )
