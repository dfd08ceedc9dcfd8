-- N5: a year of tenure has as many starters as the cohorts that have completed it, and its
-- survivors are some of them. Red by a customer that is left out, or by survivors without starters.
with last_month as (select max(month_end) as month_end from {{ ref('tenure_margins') }}),

cohorts as (
    select
        {{ whole_division('month_index + 1', '12') }} as tenure_year,
        sum(cohort_size_count) as customers_count
    from {{ ref('cohort_retention') }}
    where is_complete and not is_legacy_cohort and (month_index + 1) % 12 = 0
    group by {{ whole_division('month_index + 1', '12') }}
),

starters as (
    select month_end, tenure_year, customers_count
    from {{ ref('tenure_margins') }} where population = 'all_starters'
),

survivors as (
    select month_end, tenure_year, customers_count
    from {{ ref('tenure_margins') }} where population = 'survivors'
),

at_the_end as (
    select starters.* from starters
    inner join last_month on last_month.month_end = starters.month_end
)

select cohorts.tenure_year, at_the_end.tenure_year as found_year
from cohorts
full outer join at_the_end on at_the_end.tenure_year = cohorts.tenure_year
where (at_the_end.customers_count = cohorts.customers_count) is not true
union all
select starters.tenure_year, survivors.tenure_year as found_year
from starters
full outer join survivors
    on survivors.month_end = starters.month_end and survivors.tenure_year = starters.tenure_year
where (survivors.customers_count <= starters.customers_count) is not true
