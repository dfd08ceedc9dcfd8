-- Days between the consecutive purchase days of an account, in the month in which a gap ended.
with purchases as (select * from {{ ref('int_revenue__purchases') }}),

days as (
    select
        account_id,
        purchase_date,
        month_start
    from purchases
    group by account_id, purchase_date, month_start
),

gaps as (
    select
        account_id,
        month_start,
        {{ days_between(
            'lag(purchase_date) over (partition by account_id order by purchase_date)',
            'purchase_date') }} as gap_days
    from days
),

final as (
    select
        account_id,
        month_start,
        count(*) as gaps_count,
        cast(sum(gap_days) as bigint) as gap_days,
        cast(sum(gap_days * gap_days) as bigint) as squared_gap_days
    from gaps
    where gap_days is not null
    group by account_id, month_start
)

select * from final
