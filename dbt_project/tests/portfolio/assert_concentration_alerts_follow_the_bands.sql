-- I38: each band of the company that is worse than that of the month-end before has one alert with the
-- total of its row, and there is no other alert of the company; nowhere is an alert of a band that its
-- row does not have.
-- Red by a band that is not told, or by a band that did not rise, or by a total of another row, or by an alert of a channel that is not there.
with concentration as (select * from {{ ref('concentration') }}),

alerts as (
    select * from {{ ref('alert_events') }} where alert_type = 'concentration_threshold'
),

bands as (
    {%- for index_name in ['top1', 'hhi'] %}
    select
        concat_ws(':', scope_type, scope_id, measure, '{{ index_name }}') as unit_id,
        scope_type,
        month_end,
        {{ index_name }}_band as band,
        total_positive_amount
    from concentration
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

levels as (
    select 'none' as band, 0 as band_level
    {%- for band, level in [('low', 0), ('noticeable', 1), ('moderate', 1), ('high', 2), ('critical', 3)] %}
    union all
    select '{{ band }}' as band, {{ level }} as band_level
    {%- endfor %}
),

rises as (
    select
        bands.*,
        coalesce(before.band, 'none') as band_before
    from bands
    inner join levels on levels.band = bands.band
    left join bands as before
        on before.unit_id = bands.unit_id
        and before.month_end = {{ add_days(month_start('bands.month_end'), -1) }}
    left join levels as levels_before on levels_before.band = before.band
    where levels.band_level > coalesce(levels_before.band_level, 0)
)

select
    coalesce(rises.unit_id, alerts.unit_id) as unit_id,
    coalesce(rises.month_end, alerts.effective_date) as month_end
from rises
full join alerts
    on alerts.unit_id = rises.unit_id and alerts.effective_date = rises.month_end
where (
    (alerts.unit_id is null and rises.scope_type <> 'company')
    or (
        alerts.from_value = rises.band_before
        and alerts.to_value = rises.band
        and alerts.at_stake_amount = rises.total_positive_amount
        and alerts.audience = 'bi'
    )
) is not true
