-- The median time of the orders of accounts that are not A at the month-end, by product family. An
-- order counts while it lies in the twelve months and its account is not A: that is one span of
-- month-ends or a few, so that no order is joined with its twelve months.
with accounts as (select * from {{ ref('int_service__accounts') }} where tier <> 'A'),

months as (select * from {{ ref('int_calendar__month_ends') }} where is_tier_month),

times as (select * from {{ ref('int_service__family_times') }}),

islands as (
    select
        account_id,
        month_number,
        month_number - row_number() over (
            partition by account_id order by month_number
        ) as island
    from accounts
),

spells as (
    select
        account_id,
        min(month_number) as from_number,
        max(month_number) + 1 as until_number
    from islands
    group by account_id, island
),

spans as (
    select
        times.time_kind,
        times.product_family,
        times.elapsed_days,
        times.orders_count,
        greatest(times.month_number, spells.from_number) as from_number,
        least(times.month_number + 12, spells.until_number) as until_number
    from times
    inner join spells
        on spells.account_id = times.account_id
        and spells.from_number < times.month_number + 12
        and spells.until_number > times.month_number
),

bounds as (
    select
        time_kind, product_family, elapsed_days, from_number as month_number, orders_count
    from spans
    union all
    select
        time_kind, product_family, elapsed_days, until_number as month_number,
        -orders_count as orders_count
    from spans
),

by_month as (
    select
        time_kind,
        product_family,
        elapsed_days,
        month_number,
        sum(orders_count) as orders_count
    from bounds
    group by time_kind, product_family, elapsed_days, month_number
),

running as (
    select
        time_kind,
        product_family,
        elapsed_days,
        month_number as from_number,
        lead(month_number) over by_length as until_number,
        sum(orders_count) over by_length as orders_count
    from by_month
    window by_length as (
        partition by time_kind, product_family, elapsed_days order by month_number
    )
),

counted as (
    select
        months.month_end,
        running.time_kind,
        running.product_family,
        running.elapsed_days,
        sum(running.orders_count) over (
            partition by months.month_end, running.time_kind, running.product_family
            order by running.elapsed_days
        ) as through_count,
        sum(running.orders_count) over (
            partition by months.month_end, running.time_kind, running.product_family
        ) as orders_count
    from running
    inner join months
        on months.month_number >= running.from_number
        and months.month_number < running.until_number
    where running.orders_count > 0
),

final as (
    select
        month_end,
        time_kind,
        product_family,
        cast(max(orders_count) as bigint) as orders_count,
        min(case when 2 * through_count >= orders_count then elapsed_days end)
        + min(case when 2 * through_count > orders_count then elapsed_days end)
            as twice_median_days
    from counted
    group by month_end, time_kind, product_family
)

select * from final
