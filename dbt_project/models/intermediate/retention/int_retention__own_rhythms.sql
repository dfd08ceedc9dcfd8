-- The 90th percentile of all gaps of a customer up to a month in which one ended (semantics 3.8).
-- Gaps are counted by length: a month is joined with lengths, never with days.
with gaps as (
    select * from {{ ref('int_retention__purchase_gaps') }} where gap_length_days > 0
),

rules as (select min(own_gaps) as own_gaps from {{ ref('lifecycle_config') }}),

-- Who never has enough gaps needs no rhythm of its own.
regulars as (
    select
        gaps.customer_key,
        gaps.members_from
    from gaps
    cross join rules
    group by gaps.customer_key, gaps.members_from
    having sum(gaps.purchase_days_count) >= max(rules.own_gaps)
),

lengths as (
    select
        gaps.customer_key,
        gaps.members_from,
        gaps.gap_length_days
    from gaps
    inner join regulars
        on regulars.customer_key = gaps.customer_key
        and regulars.members_from = gaps.members_from
    group by gaps.customer_key, gaps.members_from, gaps.gap_length_days
),

months as (
    select
        customer_key,
        members_from,
        month_number
    from gaps
    group by customer_key, members_from, month_number
),

counted as (
    select
        lengths.customer_key,
        lengths.members_from,
        months.month_number,
        lengths.gap_length_days,
        sum(coalesce(gaps.purchase_days_count, 0)) over (
            partition by lengths.customer_key, lengths.members_from, lengths.gap_length_days
            order by months.month_number
        ) as so_far_count
    from lengths
    inner join months
        on months.customer_key = lengths.customer_key
        and months.members_from = lengths.members_from
    left join gaps
        on gaps.customer_key = lengths.customer_key
        and gaps.members_from = lengths.members_from
        and gaps.month_number = months.month_number
        and gaps.gap_length_days = lengths.gap_length_days
),

ordered as (
    select
        counted.*,
        sum(so_far_count) over (
            partition by customer_key, members_from, month_number order by gap_length_days
        ) as through_count,
        sum(so_far_count) over (partition by customer_key, members_from, month_number)
            as gaps_count
    from counted
),

placed as (
    select
        ordered.*,
        {{ ninetieth_places('through_count', 'gaps_count') }}
    from ordered
),

final as (
    select
        customer_key,
        members_from,
        month_number,
        {{ ninetieth_percentile('gap_length_days', 'gaps_count') }} as p90_gap_days
    from placed
    group by customer_key, members_from, month_number
)

select * from final
