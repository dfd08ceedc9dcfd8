-- Whether being on the list tells anything, as of D: how often candidates became A, against units that
-- could have been on it and were not. Month-ends count whose months have passed, all units of them:
-- who became A early must not count before those who did not.
with outcomes as (
    select * from {{ ref('int_candidates__outcomes') }} where is_cohort_complete
),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

-- No row without a month-end that is old enough.
sums as (
    select
        is_cohort_complete,
        count(case when is_candidate then 1 end) as candidates_count,
        count(case when is_candidate then became_a_date end) as candidates_became_a_count,
        count(case when not is_candidate then 1 end) as others_count,
        count(case when not is_candidate then became_a_date end) as others_became_a_count
    from outcomes
    group by is_cohort_complete
),

counted as (
    select
        bounds.as_of_date,
        {%- for count in ['candidates_count', 'candidates_became_a_count', 'others_count',
            'others_became_a_count'] %}
        cast(coalesce(sums.{{ count }}, 0) as bigint) as {{ count }}{{ ',' if not loop.last }}
        {%- endfor %}
    from bounds
    left join sums on true
),

final as (
    select
        as_of_date,
        candidates_count,
        candidates_became_a_count,
        others_count,
        others_became_a_count,
        {{ ratio('candidates_became_a_count', 'candidates_count') }} as conversion_ratio,
        {{ ratio('others_became_a_count', 'others_count') }} as base_conversion_ratio,
        {{ multiply_divide('candidates_became_a_count', 'others_count',
            'candidates_count * others_became_a_count', 6) }} as lift_ratio,
        -- Without anybody who became A there was nothing to foresee.
        case
            when candidates_count = 0 or others_count = 0
                or candidates_became_a_count + others_became_a_count = 0 then 'not_yet_known'
            when candidates_became_a_count * others_count
                > others_became_a_count * candidates_count then 'useful'
            when candidates_became_a_count * others_count
                <= others_became_a_count * candidates_count then 'useless'
        end as lift_verdict
    from counted
)

select * from final
