-- The state of each customer by its own rhythm, or by that of its channel, on each day that is
-- described (semantics 3.8). Where nobody of the channel has bought twice, the limits are the widest:
-- nobody is late by a rhythm that is not known.
with customer_days as (select * from {{ ref('int_retention__customer_days') }}),

channel_rhythms as (select * from {{ ref('int_retention__channel_rhythms') }}),

rules as ({{ dated_config('lifecycle_config') }}),

measured as (
    select
        customer_days.*,
        rules.own_gaps,
        rules.at_risk_from_days,
        rules.at_risk_to_days,
        rules.churned_multiple,
        rules.churned_from_days,
        rules.churned_to_days,
        {{ days_between('customer_days.last_purchase_date', 'customer_days.as_of_date') }}
            as since_last_purchase_days,
        {{ rhythm_basis('customer_days.gaps_count') }} as basis,
        case
            when customer_days.gaps_count >= rules.own_gaps then customer_days.own_gap_days
            else channel_rhythms.p90_gap_days
        end as p90_gap_days
    from customer_days
    inner join rules
        on rules.valid_from <= customer_days.as_of_date
        and rules.valid_until > customer_days.as_of_date
    left join channel_rhythms
        on channel_rhythms.as_of_date = customer_days.as_of_date
        and channel_rhythms.channel = customer_days.channel
),

at_risk as (
    select
        measured.*,
        {{ at_risk_after('p90_gap_days') }} as at_risk_after_days
    from measured
),

limited as (
    select
        at_risk.*,
        {{ churned_after('at_risk_after_days') }} as churned_after_days
    from at_risk
),

final as (
    select
        as_of_date,
        customer_key,
        epoch_date,
        is_month_end,
        is_latest,
        channel,
        purchases_count,
        gaps_count,
        basis,
        p90_gap_days,
        at_risk_after_days,
        churned_after_days,
        since_last_purchase_days,
        case
            when since_last_purchase_days <= at_risk_after_days then 'active'
            when since_last_purchase_days <= churned_after_days then 'at_risk'
            when since_last_purchase_days > churned_after_days then 'churned'
        end as lifecycle_state,
        first_purchase_date,
        last_purchase_date,
        members_from,
        lifetime_revenue_amount
    from limited
)

select * from final
