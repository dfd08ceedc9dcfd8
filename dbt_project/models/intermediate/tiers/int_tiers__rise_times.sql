-- Kaplan-Meier: at each month-end, how long a B stays B before it becomes A. A spell ends with a
-- rise; whoever leaves B otherwise, or is still there, is censored. A spell that was running at the
-- first evaluation has no known start and is left out.
with states as (select * from {{ ref('int_tiers__states') }}),

month_ends as (
    select month_end from states group by month_end
),

first_evaluation as (
    select min(month_end) as month_end from month_ends
),

marked as (
    select
        states.*,
        case
            when states.tier = 'B' and states.from_tier is distinct from 'B'
                then case when states.month_end > first_evaluation.month_end then 1 else 0 end
        end as is_known_start
    from states
    cross join first_evaluation
),

spells as (
    select
        marked.*,
        max(case when is_known_start is not null then month_number end) over (
            partition by tier_unit_id order by month_number
        ) as started_number
    from marked
),

with_start as (
    select
        spells.*,
        max(case when month_number = started_number then is_known_start end) over (
            partition by tier_unit_id, started_number
        ) as has_known_start
    from spells
),

-- Each month-end at which a B was asked whether it rose, by the months that it had been B.
asked as (
    select
        month_end,
        month_number - started_number as months_count,
        count(*) as asked_count,
        sum(case when tier = 'A' then 1 else 0 end) as risen_count
    from with_start
    where from_tier = 'B' and has_known_start = 1
    group by month_end, month_number - started_number
),

lengths as (
    select months_count from asked group by months_count
),

grid as (
    select
        month_ends.month_end,
        lengths.months_count,
        coalesce(asked.asked_count, 0) as asked_count,
        coalesce(asked.risen_count, 0) as risen_count
    from month_ends
    cross join lengths
    left join asked
        on asked.month_end = month_ends.month_end and asked.months_count = lengths.months_count
),

-- What is known at a month-end: all questions up to then.
known as (
    select
        month_end,
        months_count,
        sum(asked_count) over up_to_now as asked_count,
        sum(risen_count) over up_to_now as risen_count
    from grid
    window up_to_now as (partition by months_count order by month_end)
),

kept_0 as (
    select
        month_end,
        months_count,
        {{ fine_share('asked_count - risen_count', 'asked_count') }} as kept_share
    from known
    where asked_count > 0
),

-- The product of all shares up to a length, by doubling: after n steps over 2^n lengths, here 256.
{%- for step in range(8) %}
kept_{{ step + 1 }} as (
    select
        month_end,
        months_count,
        {{ multiply_shares('kept_share', 'coalesce(lag(kept_share, ' ~ 2 ** step
            ~ ') over (partition by month_end order by months_count), 1)') }} as kept_share
    from kept_{{ step }}
),
{%- endfor %}

-- Each share and product is rounded at the 17th decimal: what is within 10^-12 of a half is a half.
final as (
    select
        month_ends.month_end,
        min(kept_8.months_count) as median_months_count
    from month_ends
    left join kept_8
        on kept_8.month_end = month_ends.month_end
        and kept_8.kept_share - cast(0.000000000001 as decimal(18,17)) <= 0.5
    group by month_ends.month_end
)

select * from final
