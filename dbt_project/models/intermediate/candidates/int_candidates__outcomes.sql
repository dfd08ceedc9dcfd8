-- What became of each unit that could be a candidate: the first month-end after it at which it was A,
-- within the months in which a conversion is measured.
with eligible as (select * from {{ ref('int_candidates__eligible') }}),

tiers as (select * from {{ ref('int_tiers__states') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

ahead as (
    select
        month_end,
        tier_unit_id,
        min(case when tier = 'A' then month_end end) over (
            partition by tier_unit_id order by month_end
            rows between 1 following and unbounded following
        ) as next_a_date
    from tiers
),

dated as (
    select
        eligible.month_end,
        eligible.tier_unit_id,
        eligible.is_candidate,
        case
            when {{ month_number('ahead.next_a_date') }}
                <= eligible.month_number + eligible.conversion_months then ahead.next_a_date
        end as became_a_date,
        eligible.month_number + eligible.conversion_months
            <= {{ month_number('bounds.last_month_end') }} as is_cohort_complete
    from eligible
    inner join ahead
        on ahead.month_end = eligible.month_end and ahead.tier_unit_id = eligible.tier_unit_id
    cross join bounds
),

final as (
    select
        month_end,
        tier_unit_id,
        is_candidate,
        became_a_date,
        is_cohort_complete,
        is_cohort_complete or became_a_date is not null as is_conversion_known
    from dated
)

select * from final
