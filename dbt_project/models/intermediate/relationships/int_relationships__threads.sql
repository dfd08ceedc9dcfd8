-- Talks between the same people, added up over spans of days that lie wholly inside or outside of
-- every window: windows then add up few rows, and no talk is met twice.
with days as (select * from {{ ref('int_relationships__days') }}),

talks as (select * from {{ ref('int_relationships__talks') }}),

edges as (
    select talks_from as span_from from days
    union
    select {{ add_days('as_of_date', 1) }} as span_from from days
),

spans as (
    select
        span_from,
        coalesce(lead(span_from) over (order by span_from), {{ end_of_time() }}) as span_until
    from edges
),

talk_days as (select activity_date from talks group by activity_date),

placed as (
    select
        talk_days.activity_date,
        spans.span_from
    from talk_days
    inner join spans
        on spans.span_from <= talk_days.activity_date
        and spans.span_until > talk_days.activity_date
),

final as (
    select
        talks.account_id,
        talks.contact_id,
        talks.user_id,
        talks.customer_department,
        talks.own_department,
        placed.span_from,
        count(*) as activities_count
    from talks
    inner join placed on placed.activity_date = talks.activity_date
    group by
        talks.account_id, talks.contact_id, talks.user_id, talks.customer_department,
        talks.own_department, placed.span_from
)

select * from final
