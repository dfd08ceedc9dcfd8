-- Each customer that has bought, on each day that is described: its purchases so far, its channel and
-- the rhythm that it had when it last bought.
with days as (select * from {{ ref('int_calendar__days') }}),

members as (select * from {{ ref('int_identity__customer_members') }}),

gaps as (select * from {{ ref('int_retention__purchase_gaps') }}),

rhythms as (
    select * from {{ ref('int_retention__own_rhythms') }} where is_last_of_month
),

account_months as (select * from {{ ref('int_revenue__account_months') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

periods as (
    select
        customer_key,
        members_from,
        members_until
    from members
    group by customer_key, members_from, members_until
),

purchase_months as (
    select
        customer_key,
        members_from,
        month_number,
        sum(purchase_days_count) as purchase_days_count,
        min(first_purchase_date) as first_purchase_date,
        max(last_purchase_date) as last_purchase_date
    from gaps
    group by customer_key, members_from, month_number
),

spans as (
    select
        customer_key,
        members_from,
        min(month_number) as first_month
    from purchase_months
    group by customer_key, members_from
),

-- Credits dated before the first purchase count with its month, as in cohorts.
revenue_months as (
    select
        spans.customer_key,
        spans.members_from,
        greatest(account_months.month_number, spans.first_month) as month_number,
        sum(account_months.net_amount) as revenue_amount
    from spans
    inner join members
        on members.customer_key = spans.customer_key
        and members.members_from = spans.members_from
    inner join account_months on account_months.account_id = members.account_id
    group by
        spans.customer_key, spans.members_from,
        greatest(account_months.month_number, spans.first_month)
),

-- Every month has one day at most, so a month stands for the day in it.
filled as (
    select
        spans.customer_key,
        spans.members_from,
        days.as_of_date,
        days.epoch_date,
        days.is_month_end,
        days.is_latest,
        {{ month_number('days.as_of_date') }} as month_number,
        purchase_months.purchase_days_count,
        purchase_months.first_purchase_date,
        purchase_months.last_purchase_date,
        revenue_months.revenue_amount,
        rhythms.p90_gap_days
    from spans
    inner join days on {{ month_number('days.as_of_date') }} >= spans.first_month
    left join purchase_months
        on purchase_months.customer_key = spans.customer_key
        and purchase_months.members_from = spans.members_from
        and purchase_months.month_number = {{ month_number('days.as_of_date') }}
    left join revenue_months
        on revenue_months.customer_key = spans.customer_key
        and revenue_months.members_from = spans.members_from
        and revenue_months.month_number = {{ month_number('days.as_of_date') }}
    left join rhythms
        on rhythms.customer_key = spans.customer_key
        and rhythms.members_from = spans.members_from
        and rhythms.month_number = {{ month_number('days.as_of_date') }}
),

summed as (
    select
        filled.*,
        sum(purchase_days_count) over so_far as purchases_count,
        min(first_purchase_date) over so_far as first_date,
        max(last_purchase_date) over so_far as last_date,
        sum(revenue_amount) over so_far as lifetime_amount,
        count(p90_gap_days) over so_far as rhythms_count
    from filled
    window so_far as (partition by customer_key, members_from order by month_number)
),

-- Between two rhythms the older one stays in force.
carried as (
    select
        summed.*,
        max(p90_gap_days) over (partition by customer_key, members_from, rhythms_count)
            as own_gap_days
    from summed
),

final as (
    select
        carried.as_of_date,
        carried.customer_key,
        carried.epoch_date,
        carried.is_month_end,
        carried.is_latest,
        carried.month_number,
        carried.members_from,
        versions.channel,
        cast(carried.purchases_count as bigint) as purchases_count,
        cast(carried.purchases_count - 1 as bigint) as gaps_count,
        carried.first_date as first_purchase_date,
        carried.last_date as last_purchase_date,
        carried.own_gap_days,
        cast(coalesce(carried.lifetime_amount, 0) as decimal(18,2)) as lifetime_revenue_amount
    from carried
    inner join periods
        on periods.customer_key = carried.customer_key
        and periods.members_from = carried.members_from
        and periods.members_from <= carried.epoch_date
        and periods.members_until > carried.epoch_date
    inner join versions
        on versions.account_id = carried.customer_key
        and versions.valid_from <= carried.as_of_date
        and versions.valid_to > carried.as_of_date
)

select * from final
