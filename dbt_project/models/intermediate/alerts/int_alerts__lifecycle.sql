-- A customer that falls silent for its rhythm, is lost, or buys again after it was. Days of the running
-- month are told where the rhythm is its own: the pool of a channel is final at the month-end alone,
-- and what was told must stay true.
with spells as (select * from {{ ref('int_retention__spells') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

months as (select * from {{ ref('int_calendar__month_ends') }}),

members as (select * from {{ ref('int_identity__customer_members') }}),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

tiers as (select * from {{ ref('int_tiers__states') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

with_before as (
    select
        spells.*,
        lag(basis) over by_customer as former_basis,
        lag(from_date) over by_customer as former_from_date,
        lag(last_purchase_date) over by_customer as former_purchase_date,
        lag(came_back_date) over by_customer as former_came_back_date
    from spells
    window by_customer as (partition by customer_key, members_from order by from_date)
),

turns as (
    select
        'churn_state_enter' as alert_type,
        customer_key,
        members_from,
        from_date as effective_date,
        former_state as from_value,
        lifecycle_state as to_value,
        last_purchase_date,
        basis,
        from_date as judged_date
    from with_before
    where (lifecycle_state = 'at_risk' and former_state = 'active')
        or (lifecycle_state = 'churned' and former_state in ('active', 'at_risk'))
    union all
    select
        'won_back' as alert_type,
        customer_key,
        members_from,
        from_date as effective_date,
        former_state as from_value,
        lifecycle_state as to_value,
        former_purchase_date as last_purchase_date,
        former_basis as basis,
        former_from_date as judged_date
    from with_before
    where lifecycle_state = 'active'
        and former_state = 'churned'
        and from_date = former_came_back_date
),

-- A customer consists of the accounts of the day that is described: the month-end, or D.
periods as (
    select customer_key, members_from, members_until
    from members
    group by customer_key, members_from, members_until
),

told as (
    select
        turns.*,
        case
            when last_day(turns.effective_date) = turns.effective_date then turns.effective_date
            else {{ add_days(month_start('turns.effective_date'), -1) }}
        end as tier_month_end,
        last_day(turns.last_purchase_date) as profit_month_end
    from turns
    cross join bounds
    inner join periods
        on periods.customer_key = turns.customer_key
        and periods.members_from = turns.members_from
        and periods.members_until > least(last_day(turns.effective_date), bounds.as_of_date)
    where turns.members_from <= least(last_day(turns.effective_date), bounds.as_of_date)
        and (turns.basis = 'own' or turns.judged_date <= bounds.last_month_end)
),

profits as (
    select
        told.customer_key,
        told.effective_date,
        {{ money_sum('account_windows.profit_amount') }} as profit_amount
    from told
    inner join members
        on members.customer_key = told.customer_key and members.members_from = told.members_from
    inner join account_windows
        on account_windows.account_id = members.account_id
        and account_windows.month_end = told.profit_month_end
    group by told.customer_key, told.effective_date
),

rated as (
    select
        told.*,
        tiers.tier,
        profits.profit_amount,
        versions.account_name,
        versions.owner_user_id,
        case
            when told.alert_type = 'won_back' then 'info'
            when told.to_value = 'churned' and tiers.tier = 'A' then 'high'
            when told.to_value = 'churned' and tiers.tier = 'B' then 'medium'
            when told.to_value = 'at_risk' and tiers.tier = 'A' then 'medium'
            when told.customer_key is not null then 'low'
        end as severity
    from told
    inner join versions
        on versions.account_id = told.customer_key
        and versions.valid_from <= told.effective_date
        and versions.valid_to > told.effective_date
    left join months on months.month_end = told.tier_month_end
    left join units
        on units.epoch_date = months.epoch_date and units.account_id = told.customer_key
    left join tiers
        on tiers.tier_unit_id = units.tier_unit_id and tiers.month_end = told.tier_month_end
    left join profits
        on profits.customer_key = told.customer_key
        and profits.effective_date = told.effective_date
),

final as (
    select
        alert_type,
        'customer' as unit_type,
        customer_key as unit_id,
        customer_key as account_id,
        owner_user_id,
        effective_date,
        from_value,
        to_value,
        severity,
        severity as base_severity,
        cast(null as {{ text_type() }}) as cause,
        cast(null as {{ text_type() }}) as severity_reasons,
        'account_team' as audience,
        case
            when severity = 'high' then 'immediate'
            when severity in ('medium', 'low', 'info') then 'digest'
        end as delivery,
        profit_amount as at_stake_amount,
        'customer_lifecycle' as source_mart,
        {{ json_object({
            'account_name': 'account_name',
            'base_currency': "'" ~ var('base_currency') ~ "'",
            'last_purchase_date': 'last_purchase_date',
            'rhythm_basis': 'basis',
            'silence_days': days_between('last_purchase_date', 'effective_date'),
            'tier': 'tier',
            'year_before_profit_amount': 'profit_amount'
        }) }} as payload
    from rated
)

select * from final
