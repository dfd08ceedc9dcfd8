-- Alerts of credit limits: the day on which an account went on hold, or came near its limit from
-- below. The figures shown are those of D.
with states as (
    select * from {{ ref('int_credit__states') }}
    where not is_internal
        and (credit_status = 'hold' or (credit_status = 'watch' and former_status <> 'hold'))
),

account_days as (
    select * from {{ ref('int_credit__account_days') }} where as_of_date = {{ as_of_date() }}
),

epochs as (select * from {{ ref('int_identity__epochs') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

tiers as (select * from {{ ref('int_tiers__states') }}),

versions as (
    select * from {{ ref('stg_crm__account_versions') }}
    where valid_from <= {{ as_of_date() }} and valid_to > {{ as_of_date() }}
),

state_epochs as (
    select
        states.account_id,
        states.changed_on,
        max(epochs.epoch_date) as epoch_date
    from states
    inner join epochs on epochs.epoch_date <= states.changed_on
    group by states.account_id, states.changed_on
),

-- The tier of the last month-end that was there on the day.
tiered as (
    select
        states.*,
        tiers.tier
    from states
    inner join state_epochs
        on state_epochs.account_id = states.account_id
        and state_epochs.changed_on = states.changed_on
    inner join units
        on units.epoch_date = state_epochs.epoch_date and units.account_id = states.account_id
    left join tiers
        on tiers.tier_unit_id = units.tier_unit_id
        and tiers.month_end = case
            when last_day(states.changed_on) = states.changed_on then states.changed_on
            else {{ add_days(month_start('states.changed_on'), -1) }}
        end
),

rated as (
    select
        *,
        case
            when credit_status = 'watch' then 'medium'
            when credit_status = 'hold' and tier = 'A' then 'critical'
            when credit_status = 'hold' then 'high'
        end as severity
    from tiered
),

final as (
    select
        case rated.credit_status when 'watch' then 'credit_watch' when 'hold' then 'credit_hold' end
            as alert_type,
        'account' as unit_type,
        rated.account_id as unit_id,
        rated.account_id,
        rated.owner_user_id,
        rated.changed_on as effective_date,
        rated.former_status as from_value,
        rated.credit_status as to_value,
        rated.severity,
        rated.severity as base_severity,
        cast(null as {{ text_type() }}) as cause,
        cast(null as {{ text_type() }}) as severity_reasons,
        'account_team' as audience,
        case rated.credit_status when 'watch' then 'digest' when 'hold' then 'immediate' end
            as delivery,
        rated.exposure_amount as at_stake_amount,
        'credit_exposure' as source_mart,
        {{ json_object({
            'account_name': 'versions.account_name',
            'base_currency': "'" ~ var('base_currency') ~ "'",
            'credit_limit_amount': 'account_days.credit_limit_amount',
            'credit_status': 'account_days.credit_status',
            'exposure_amount': 'account_days.exposure_amount',
            'gross_open_amount': 'account_days.gross_open_amount',
            'headroom_amount': 'account_days.headroom_amount',
            'open_orders_amount': 'account_days.open_orders_amount',
            'overdue_amount': 'account_days.overdue_amount',
            'shipped_not_invoiced_amount': 'account_days.shipped_not_invoiced_amount',
            'terms_days': 'account_days.terms_days',
            'utilisation_ratio': 'account_days.utilisation_ratio'
        }) }} as payload
    from rated
    inner join versions on versions.account_id = rated.account_id
    left join account_days on account_days.account_id = rated.account_id
)

select * from final
