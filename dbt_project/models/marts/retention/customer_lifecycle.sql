with lifecycle as (select * from {{ ref('int_retention__lifecycle') }}),

spells as (select * from {{ ref('int_retention__spells') }}),

losses as (select * from {{ ref('int_retention__losses') }}),

customers as (select * from {{ ref('int_retention__customers') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

returns as (
    select
        customer_key,
        members_from,
        min(came_back_date) as first_return_date
    from losses
    group by customer_key, members_from
),

-- How often the rule was wrong: losses of the customers of D whose twelve months have passed.
backtests as (
    select
        losses.basis,
        count(*) as losses_count,
        sum(case
            when losses.came_back_date <= {{ add_months('losses.churned_date', 12) }} then 1
            else 0
        end) as false_count
    from losses
    inner join lifecycle
        on lifecycle.customer_key = losses.customer_key
        and lifecycle.members_from = losses.members_from
        and lifecycle.is_latest
    cross join bounds
    where {{ add_months('losses.churned_date', 12) }} <= bounds.as_of_date
    group by losses.basis
),

dated as (
    select
        lifecycle.*,
        {{ year_before('lifecycle.as_of_date') }} as year_before_date,
        {{ year_after('lifecycle.as_of_date') }} as year_after_date,
        year(lifecycle.as_of_date) - year(lifecycle.first_purchase_date) as calendar_years
    from lifecycle
),

final as (
    select
        dated.as_of_date,
        dated.is_month_end,
        dated.is_latest,
        dated.customer_key,
        dated.channel,
        dated.purchases_count,
        dated.gaps_count,
        dated.basis,
        dated.p90_gap_days,
        dated.at_risk_after_days,
        dated.churned_after_days,
        dated.since_last_purchase_days,
        dated.lifecycle_state,
        spells.from_date as state_since_date,
        dated.first_purchase_date,
        dated.last_purchase_date,
        cast(case
            when {{ add_months('dated.first_purchase_date', '12 * dated.calendar_years') }}
                > dated.as_of_date then dated.calendar_years - 1
            else dated.calendar_years
        end as bigint) as tenure_years,
        dated.lifetime_revenue_amount,
        customers.is_legacy,
        dated.first_purchase_date > dated.year_before_date and not customers.is_legacy
            as is_true_new,
        coalesce(returns.first_return_date <= dated.as_of_date, false)
            as has_returned_after_churn,
        case
            when dated.lifecycle_state <> 'churned' then 'not_churned'
            when dated.year_after_date > bounds.as_of_date then 'not_yet_known'
            when losses.came_back_date <= dated.year_after_date then 'yes'
            when coalesce(losses.came_back_date, {{ end_of_time() }}) > dated.year_after_date
                then 'no'
        end as bought_within_12m_after,
        cast(coalesce(backtests.losses_count, 0) as bigint) as backtested_churns_count,
        {{ ratio('backtests.false_count', 'backtests.losses_count') }} as false_churn_ratio
    from dated
    inner join customers
        on customers.epoch_date = dated.epoch_date
        and customers.customer_key = dated.customer_key
    left join spells
        on spells.customer_key = dated.customer_key
        and spells.members_from = dated.members_from
        and spells.from_date <= dated.as_of_date
        and spells.until_date > dated.as_of_date
    left join losses
        on losses.customer_key = dated.customer_key
        and losses.members_from = dated.members_from
        and losses.last_purchase_date = dated.last_purchase_date
    left join returns
        on returns.customer_key = dated.customer_key
        and returns.members_from = dated.members_from
    left join backtests on backtests.basis = dated.basis
    cross join bounds
)

select * from final
