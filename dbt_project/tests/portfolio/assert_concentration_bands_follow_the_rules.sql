-- Bands follow the dated limits; what lies within a rounding of a limit may be on either side.
-- Red by a largest that is low beyond a limit, or by an index that is high below its limit.
with judged as (
    select
        told.month_end,
        told.scope_type,
        told.scope_id,
        told.measure,
        told.top1_band,
        told.hhi_band,
        {%- for edge in [1, -1] %}
        case
            when told.accounts_count = 0 then 'none'
            {%- for band in ['critical', 'high', 'noticeable'] %}
            when told.top1_ratio + {{ edge }} * 0.000001 >= config.{{ band }}_top1_share
                then '{{ band }}'
            {%- endfor %}
            when told.accounts_count > 0 then 'low'
        end as top1_band_{{ 'above' if edge > 0 else 'below' }},
        case
            when told.accounts_count = 0 then 'none'
            {%- for band in ['high', 'moderate'] %}
            when told.hhi + {{ edge }} * 0.000001 >= config.{{ band }}_hhi then '{{ band }}'
            {%- endfor %}
            when told.accounts_count > 0 then 'low'
        end as hhi_band_{{ 'above' if edge > 0 else 'below' }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('concentration') }} as told
    inner join ({{ dated_config('concentration_config') }}) as config
        on config.valid_from <= told.month_end and config.valid_until > told.month_end
)

select * from judged
where (
    top1_band in (top1_band_above, top1_band_below) and hhi_band in (hhi_band_above, hhi_band_below)
) is not true
