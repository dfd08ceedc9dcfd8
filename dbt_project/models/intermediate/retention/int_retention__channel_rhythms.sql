-- The 90th percentile of all gaps of the customers of a channel, on each day that is described. A
-- customer that changes its channel or its accounts takes its gaps along.
with days as (select * from {{ ref('int_calendar__days') }}),

customer_days as (select * from {{ ref('int_retention__customer_days') }}),

gaps as (
    select * from {{ ref('int_retention__purchase_gaps') }} where gap_length_days > 0
),

compared as (
    select
        customer_key,
        members_from,
        channel,
        month_number,
        case
            when lag(channel) over by_customer = channel
                and lag(month_number) over by_customer = month_number - 1 then 0
            else 1
        end as is_start
    from customer_days
    window by_customer as (partition by customer_key order by month_number)
),

numbered as (
    select
        compared.*,
        sum(is_start) over (partition by customer_key order by month_number) as spell_number
    from compared
),

spells as (
    select
        customer_key,
        members_from,
        channel,
        spell_number,
        min(month_number) as from_month,
        max(month_number) + 1 as until_month
    from numbered
    group by customer_key, members_from, channel, spell_number
),

moves as (
    select
        spells.channel,
        gaps.gap_length_days,
        greatest(gaps.month_number, spells.from_month) as month_number,
        gaps.purchase_days_count as gaps_count
    from spells
    inner join gaps
        on gaps.customer_key = spells.customer_key
        and gaps.members_from = spells.members_from
        and gaps.month_number < spells.until_month
    union all
    select
        spells.channel,
        gaps.gap_length_days,
        spells.until_month as month_number,
        -gaps.purchase_days_count as gaps_count
    from spells
    inner join gaps
        on gaps.customer_key = spells.customer_key
        and gaps.members_from = spells.members_from
        and gaps.month_number < spells.until_month
),

net_moves as (
    select
        channel,
        gap_length_days,
        month_number,
        sum(gaps_count) as gaps_count
    from moves
    group by channel, gap_length_days, month_number
),

lengths as (
    select
        channel,
        gap_length_days
    from net_moves
    group by channel, gap_length_days
),

counted as (
    select
        days.as_of_date,
        lengths.channel,
        lengths.gap_length_days,
        sum(coalesce(net_moves.gaps_count, 0)) over (
            partition by lengths.channel, lengths.gap_length_days order by days.as_of_date
        ) as so_far_count
    from lengths
    cross join days
    left join net_moves
        on net_moves.channel = lengths.channel
        and net_moves.gap_length_days = lengths.gap_length_days
        and net_moves.month_number = {{ month_number('days.as_of_date') }}
),

ordered as (
    select
        counted.*,
        sum(so_far_count) over (partition by as_of_date, channel order by gap_length_days)
            as through_count,
        sum(so_far_count) over (partition by as_of_date, channel) as gaps_count
    from counted
),

placed as (
    select
        ordered.*,
        {{ ninetieth_places('through_count', 'gaps_count') }}
    from ordered
    where gaps_count > 0
),

final as (
    select
        as_of_date,
        channel,
        cast(max(gaps_count) as bigint) as gaps_count,
        {{ ninetieth_percentile('gap_length_days', 'gaps_count') }} as p90_gap_days
    from placed
    group by as_of_date, channel
)

select * from final
