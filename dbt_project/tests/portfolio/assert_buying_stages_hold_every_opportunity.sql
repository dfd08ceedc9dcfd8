-- Each month-end has the eight steps, and at the last one those that we joined at a step are the
-- opportunities opened in the twelve months that say so.
-- Red by a step that is left out, or by one joined too many, or by a step that counts other undated
-- ones.
with stages as (select * from {{ ref('buying_stages') }}),

months as (
    select * from {{ ref('int_calendar__month_ends') }}
    where month_end = (select max(month_end) from {{ ref('buying_stages') }})
),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

opened as (
    select
        months.month_end,
        count(opportunities.entered_at_stage) as joined_count
    from {{ ref('int_opportunities__external') }} as opportunities
    inner join months
        on months.month_end >= opportunities.opened_on
        and months.window_from <= opportunities.opened_on
    inner join units
        on units.epoch_date = months.epoch_date and units.account_id = opportunities.account_id
    group by months.month_end
),

by_month as (
    select
        month_end,
        count(*) as steps_count,
        sum(joined_here_count) as joined_count,
        min(undated_opportunities_count) as least_undated,
        max(undated_opportunities_count) as most_undated
    from stages
    group by month_end
)

select by_month.month_end
from by_month
left join months on months.month_end = by_month.month_end
left join opened on opened.month_end = by_month.month_end
where (
    by_month.steps_count = 8
    and by_month.least_undated = by_month.most_undated
    and (months.month_end is null or by_month.joined_count = coalesce(opened.joined_count, 0))
) is not true
