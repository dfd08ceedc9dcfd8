-- The 90th percentile of all gaps of a customer up to a purchase (semantics 3.8): to the last one
-- of each month, and to each one after which the customer was silent so long that its limits count.
with gaps as (
    select * from {{ ref('int_retention__purchase_days') }} where gap_length_days > 0
),

rules as (
    select
        min(own_gaps) as own_gaps,
        min(at_risk_from_days) as at_risk_from_days
    from {{ ref('lifecycle_config') }}
),

running as (
    select
        gaps.customer_key,
        gaps.members_from,
        gaps.purchase_date,
        gaps.month_number,
        {{ running_ninetieth('gaps.gap_length_days',
            'partition by gaps.customer_key, gaps.members_from order by gaps.purchase_date') }}
            as p90_gap_days,
        row_number() over by_customer as gaps_count,
        lead(gaps.purchase_date) over by_customer as next_purchase_date,
        row_number() over (
            partition by gaps.customer_key, gaps.members_from, gaps.month_number
            order by gaps.purchase_date desc
        ) as place_from_last
    from gaps
    window by_customer as (
        partition by gaps.customer_key, gaps.members_from order by gaps.purchase_date
    )
),

-- Who has fewer gaps than any rule asks for needs no rhythm of its own.
final as (
    select
        running.customer_key,
        running.members_from,
        running.purchase_date,
        running.month_number,
        running.place_from_last = 1 as is_last_of_month,
        cast(running.gaps_count as bigint) as gaps_count,
        running.p90_gap_days
    from running
    inner join rules on rules.own_gaps <= running.gaps_count
    where running.place_from_last = 1
        or {{ days_between('running.purchase_date', 'running.next_purchase_date') }}
            > rules.at_risk_from_days
)

select * from final
