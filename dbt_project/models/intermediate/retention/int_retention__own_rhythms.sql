-- The 90th percentile of all gaps of a customer up to a month in which one ended (semantics 3.8).
with gaps as (
    select * from {{ ref('int_retention__purchase_days') }} where gap_length_days > 0
),

rules as (select min(own_gaps) as own_gaps from {{ ref('lifecycle_config') }}),

running as (
    select
        gaps.customer_key,
        gaps.members_from,
        gaps.month_number,
        {{ running_ninetieth('gaps.gap_length_days',
            'partition by gaps.customer_key, gaps.members_from order by gaps.purchase_date') }}
            as p90_gap_days,
        row_number() over (
            partition by gaps.customer_key, gaps.members_from order by gaps.purchase_date
        ) as gaps_count,
        row_number() over (
            partition by gaps.customer_key, gaps.members_from, gaps.month_number
            order by gaps.purchase_date desc
        ) as place_from_last
    from gaps
),

-- Who has fewer gaps than any rule asks for needs no rhythm of its own.
final as (
    select
        running.customer_key,
        running.members_from,
        running.month_number,
        running.p90_gap_days
    from running
    inner join rules on rules.own_gaps <= running.gaps_count
    where running.place_from_last = 1
)

select * from final
