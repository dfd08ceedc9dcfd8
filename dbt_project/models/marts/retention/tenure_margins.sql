-- Years of tenure are twelve whole months from the month of the first purchase on, as in cohorts.
-- Their windows are those of the month-ends in which they end. Nobody knows how long legacy
-- customers have bought: they are not in it.
with months as (select * from {{ ref('int_calendar__month_ends') }}),

customers as (
    select
        customer_key,
        {{ month_number('first_purchase_date') }} as cohort_number
    from {{ ref('int_retention__customers') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and first_purchase_date is not null
        and not is_legacy
),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not is_internal
),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

years as (
    select
        customers.customer_key,
        months.month_end as year_end,
        {{ whole_division('months.month_number - customers.cohort_number + 1', '12') }} as tenure_year
    from customers
    inner join months
        on months.month_number > customers.cohort_number
        and (months.month_number - customers.cohort_number + 1) % 12 = 0
),

valued as (
    select
        years.customer_key,
        years.year_end,
        years.tenure_year,
        coalesce(sum(account_windows.purchase_days_count), 0) > 0 as is_survivor,
        {{ money_sum('account_windows.profit_amount') }} as profit_amount,
        case when sum(account_windows.net_amount) > 0 then {{ ratio(
            money_sum('account_windows.profit_amount'), 'sum(account_windows.net_amount)') }}
        end as margin_ratio
    from years
    inner join units on units.customer_key = years.customer_key
    left join account_windows
        on account_windows.account_id = units.account_id
        and account_windows.month_end = years.year_end
    group by years.customer_key, years.year_end, years.tenure_year
),

followed as (
    select
        valued.*,
        lag(is_survivor) over (partition by customer_key order by year_end) as is_survivor_before
    from valued
),

counted as (
    select
        months.month_end,
        followed.tenure_year,
        count(*) as starters_count,
        sum(case when followed.is_survivor then 1 else 0 end) as survivors_count,
        sum(case when followed.is_survivor_before then 1 else 0 end) as before_count,
        sum(case when followed.is_survivor and followed.is_survivor_before then 1 else 0 end)
            as kept_count,
        {{ median_of(cents('followed.profit_amount')) }} as profit_cents,
        {{ median_of(cents('case when followed.is_survivor then followed.profit_amount end')) }}
            as survivor_profit_cents,
        {{ median_of('followed.margin_ratio * 1000000') }} as margin_millionths,
        {{ median_of('case when followed.is_survivor then followed.margin_ratio * 1000000 end') }}
            as survivor_margin_millionths
    from followed
    inner join months on months.month_end >= followed.year_end
    group by months.month_end, followed.tenure_year
),

by_population as (
    select
        month_end,
        'survivors' as population,
        tenure_year,
        survivors_count as customers_count,
        survivor_profit_cents as profit_cents,
        survivor_margin_millionths as margin_millionths,
        kept_count,
        before_count
    from counted
    union all
    select
        month_end,
        'all_starters' as population,
        tenure_year,
        starters_count as customers_count,
        profit_cents,
        margin_millionths,
        survivors_count as kept_count,
        starters_count as before_count
    from counted
),

final as (
    select
        month_end,
        population,
        cast(tenure_year as bigint) as tenure_year,
        cast(customers_count as bigint) as customers_count,
        cast(profit_cents * cast(0.01 as decimal(3,2)) as decimal(18,2)) as median_profit_amount,
        cast(margin_millionths * cast(0.000001 as decimal(7,6)) as decimal(18,6))
            as median_margin_ratio,
        case when tenure_year > 1 then {{ ratio('kept_count', 'before_count') }} end
            as retention_ratio
    from by_population
)

select * from final
