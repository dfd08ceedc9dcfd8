-- The states of each customer, by the accounts that it consists of, one after the other from its
-- first purchase on. Rules, channel and pool of a month are those of its day that is described (the
-- last one, or D); a rhythm of its own is that after the purchase with which a silence began.
with purchase_days as (select * from {{ ref('int_retention__purchase_days') }}),

days as (select * from {{ ref('int_calendar__days') }}),

rhythms as (select * from {{ ref('int_retention__own_rhythms') }}),

channel_rhythms as (select * from {{ ref('int_retention__channel_rhythms') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

rules as ({{ dated_config('lifecycle_config') }}),

shortest as (
    select min(at_risk_from_days) as shortest_days from {{ ref('lifecycle_config') }}
),

periods as (
    select
        as_of_date,
        is_latest,
        coalesce(
            {{ add_days('lag(as_of_date) over (order by as_of_date)', 1) }},
            {{ beginning_of_time() }}
        ) as period_from
    from days
),

bounds as (select as_of_date from periods where is_latest),

silences as (
    select
        customer_key,
        members_from,
        purchase_date as last_purchase_date,
        lead(purchase_date) over (
            partition by customer_key, members_from order by purchase_date
        ) as came_back_date
    from purchase_days
),

-- In a shorter silence a customer stays active.
long_silences as (
    select
        silences.*,
        coalesce({{ add_days('silences.came_back_date', -1) }}, bounds.as_of_date)
            as silent_to_date,
        {{ add_days('silences.last_purchase_date', 'shortest.shortest_days') }} as still_active_date
    from silences
    cross join bounds
    cross join shortest
    where {{ add_days('silences.last_purchase_date', 'shortest.shortest_days') }}
        < coalesce({{ add_days('silences.came_back_date', -1) }}, bounds.as_of_date)
),

measured as (
    select
        long_silences.*,
        greatest(periods.period_from, long_silences.last_purchase_date) as judged_from,
        least(periods.as_of_date, long_silences.silent_to_date) as judged_to,
        rules.own_gaps,
        rules.at_risk_from_days,
        rules.at_risk_to_days,
        rules.churned_multiple,
        rules.churned_from_days,
        rules.churned_to_days,
        {{ rhythm_basis('coalesce(rhythms.gaps_count, 0)') }} as basis,
        case
            when rhythms.gaps_count >= rules.own_gaps then rhythms.p90_gap_days
            else channel_rhythms.p90_gap_days
        end as p90_gap_days
    from long_silences
    inner join periods
        on periods.as_of_date > long_silences.still_active_date
        and periods.period_from <= long_silences.silent_to_date
    inner join rules
        on rules.valid_from <= periods.as_of_date and rules.valid_until > periods.as_of_date
    inner join versions
        on versions.account_id = long_silences.customer_key
        and versions.valid_from <= periods.as_of_date
        and versions.valid_to > periods.as_of_date
    left join rhythms
        on rhythms.customer_key = long_silences.customer_key
        and rhythms.members_from = long_silences.members_from
        and rhythms.purchase_date = long_silences.last_purchase_date
    left join channel_rhythms
        on channel_rhythms.as_of_date = periods.as_of_date
        and channel_rhythms.channel = versions.channel
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

starts as (
    select
        limited.*,
        greatest(judged_from, {{ add_days('last_purchase_date', 'floor(at_risk_after_days) + 1') }})
            as at_risk_from,
        greatest(judged_from, {{ add_days('last_purchase_date', 'floor(churned_after_days) + 1') }})
            as churned_from
    from limited
),

-- On the day of a purchase a customer is active.
parts as (
    select
        customer_key,
        members_from,
        min(last_purchase_date) as from_date,
        'active' as lifecycle_state,
        cast(null as date) as last_purchase_date,
        cast(null as date) as came_back_date,
        cast(null as {{ text_type() }}) as basis
    from silences
    group by customer_key, members_from
    union
    select
        customer_key,
        members_from,
        came_back_date as from_date,
        'active' as lifecycle_state,
        cast(null as date) as last_purchase_date,
        cast(null as date) as came_back_date,
        cast(null as {{ text_type() }}) as basis
    from long_silences
    where came_back_date is not null
    union
    select
        customer_key,
        members_from,
        judged_from as from_date,
        'active' as lifecycle_state,
        cast(null as date) as last_purchase_date,
        cast(null as date) as came_back_date,
        cast(null as {{ text_type() }}) as basis
    from starts
    where judged_from < at_risk_from
    union
    select
        customer_key,
        members_from,
        at_risk_from as from_date,
        'at_risk' as lifecycle_state,
        last_purchase_date,
        came_back_date,
        basis
    from starts
    where at_risk_from <= judged_to and at_risk_from < churned_from
    union
    select
        customer_key,
        members_from,
        churned_from as from_date,
        'churned' as lifecycle_state,
        last_purchase_date,
        came_back_date,
        basis
    from starts
    where churned_from <= judged_to
),

compared as (
    select
        parts.*,
        lag(lifecycle_state) over (
            partition by customer_key, members_from order by from_date
        ) as former_state
    from parts
),

final as (
    select
        customer_key,
        members_from,
        from_date,
        coalesce(
            lead(from_date) over (partition by customer_key, members_from order by from_date),
            {{ end_of_time() }}
        ) as until_date,
        lifecycle_state,
        former_state,
        last_purchase_date,
        came_back_date,
        basis
    from compared
    where lifecycle_state is distinct from former_state
)

select * from final
