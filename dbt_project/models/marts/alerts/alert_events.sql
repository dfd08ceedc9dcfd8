{#- What a reader of a tier message needs, from the rows that the marts publish. -#}
{%- set tier_payload = {
    'account_name': 'accounts.account_name', 'base_currency': "'" ~ var('base_currency') ~ "'",
    'cause': 'events.cause', 'channel': 'accounts.channel',
    'days_since_two_way_contact': 'accounts.since_two_way_contact_days',
    'drivers': 'driver_lists.drivers', 'effective_date': 'events.effective_date',
    'from_tier': 'events.from_tier', 'gross_open_amount': 'money.gross_open_amount',
    'is_single_threaded': 'accounts.is_single_threaded',
    'last_purchase_date': 'money.last_purchase_date',
    'lost_products': 'product_lists.lost_products', 'measure_used': 'tiers.measure_used',
    'over_terms_days': 'money.over_terms_days',
    'overdue_90_plus_amount': 'money.overdue_90_plus_amount',
    'overdue_amount': 'money.overdue_amount',
    'own_profit_change_amount': 'events.own_profit_change_amount',
    'own_profit_change_ratio': 'events.own_profit_change_ratio',
    'owner_user_id': 'events.owner_user_id',
    'profit_current_amount': 'events.profit_current_amount',
    'profit_prior_amount': 'events.profit_prior_amount',
    'profit_to_regain_amount': 'events.profit_to_regain_amount',
    'threshold_change_amount': 'events.threshold_change_amount',
    'tier_unit_id': 'events.tier_unit_id', 'to_tier': 'events.to_tier'
} -%}
with events as (
    select * from {{ ref('tier_events') }}
    where event_type in ('drop', 'watch', 'lapsed', 'rise', 'reactivated')
),

drivers as (select * from {{ ref('tier_drop_drivers') }}),

products as (select * from {{ ref('tier_drop_products') }}),

accounts as (select * from {{ ref('accounts') }}),

aging as (select * from {{ ref('receivables_aging') }} where is_latest),

payments as (select * from {{ ref('payment_behaviour') }} where is_latest),

tiers as (select * from {{ ref('account_tiers') }}),

months as (select * from {{ ref('int_calendar__month_ends') }} where is_tier_month),

overdue_runs as (select * from {{ ref('int_receivables__overdue_runs') }}),

payment_trap_alerts as (select * from {{ ref('int_alerts__payment_traps') }}),

reconciliations as (select * from {{ ref('receivables_reconciliation') }}),

bought_growth_alerts as (select * from {{ ref('int_alerts__bought_growth') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

epochs as (select * from {{ ref('int_identity__epochs') }}),

rules as ({{ dated_rule('overdue_90_share_of_profit') }}),

driver_lists as (
    select
        event_key,
        {{ json_array({'amount': 'driver_amount', 'driver': 'driver'}, 'driver_amount, driver') }}
            as drivers
    from drivers
    where driver_amount <> 0
    group by event_key
),

product_lists as (
    select
        event_key,
        {{ json_array({
            'change_amount': 'lost_product_amount', 'last_order_date': 'last_order_date',
            'product_family': 'product_family'
        }, 'lost_product_amount, product_family') }} as lost_products
    from products
    where lost_product_amount < 0
    group by event_key
),

money as (
    select
        accounts.tier_unit_id,
        sum(aging.gross_open_amount) as gross_open_amount,
        sum(aging.overdue_amount) as overdue_amount,
        sum(aging.overdue_90_plus_amount) as overdue_90_plus_amount,
        -- Of a group, the member that is latest.
        max(payments.over_terms_days) as over_terms_days,
        max(accounts.last_purchase_date) as last_purchase_date
    from accounts
    left join aging on aging.account_id = accounts.account_id
    left join payments on payments.account_id = accounts.account_id
    where not accounts.is_internal
    group by accounts.tier_unit_id
),

tier_alerts as (
    select
        case events.event_type
            when 'drop' then 'tier_drop' when 'watch' then 'tier_watch'
            when 'lapsed' then 'tier_lapsed' when 'rise' then 'tier_rise'
            when 'reactivated' then 'tier_reactivated'
        end as alert_type,
        'tier_unit' as unit_type,
        events.tier_unit_id as unit_id,
        events.tier_unit_id as account_id,
        events.owner_user_id,
        events.effective_date,
        events.from_tier as from_value,
        events.to_tier as to_value,
        events.severity,
        events.base_severity,
        events.cause,
        events.severity_reasons,
        'account_team' as audience,
        case
            when events.cause = 'config_change' then 'none'
            when events.is_digest_only then 'digest'
            when not events.is_digest_only then 'immediate'
        end as delivery,
        cast(abs(coalesce(events.own_profit_change_amount, events.profit_current_amount))
            as decimal(18,2)) as at_stake_amount,
        'tier_events' as source_mart,
        {{ json_object(tier_payload) }} as payload
    from events
    -- A unit that was merged away since keeps its name; its money is that of its unit of today.
    left join accounts on accounts.account_id = events.tier_unit_id
    left join money on money.tier_unit_id = accounts.tier_unit_id
    left join tiers
        on tiers.tier_unit_id = events.tier_unit_id and tiers.month_end = events.effective_date
    left join driver_lists on driver_lists.event_key = events.event_key
    left join product_lists on product_lists.event_key = events.event_key
),

-- A change of rules is an event of its own, never a drop.
config_changes as (
    select
        tier_config_valid_from as new_valid_from,
        lag(tier_config_valid_from) over (order by month_end) as old_valid_from
    from months
),

config_alerts as (
    select
        'tier_config_change' as alert_type,
        'company' as unit_type,
        'company' as unit_id,
        cast(null as {{ text_type() }}) as account_id,
        cast(null as {{ text_type() }}) as owner_user_id,
        new_valid_from as effective_date,
        cast(old_valid_from as {{ text_type() }}) as from_value,
        cast(new_valid_from as {{ text_type() }}) as to_value,
        'info' as severity,
        'info' as base_severity,
        cast(null as {{ text_type() }}) as cause,
        cast(null as {{ text_type() }}) as severity_reasons,
        'data_engineering' as audience,
        'none' as delivery,
        cast(null as decimal(18,2)) as at_stake_amount,
        'account_tiers' as source_mart,
        {{ json_object({'new_valid_from': 'new_valid_from', 'old_valid_from': 'old_valid_from'}) }}
            as payload
    from config_changes
    where new_valid_from <> old_valid_from
),

run_epochs as (
    select
        overdue_runs.account_id,
        overdue_runs.started_on,
        max(epochs.epoch_date) as epoch_date
    from overdue_runs
    inner join epochs on epochs.epoch_date <= overdue_runs.started_on
    group by overdue_runs.account_id, overdue_runs.started_on
),

-- Measured against the profit of the last month-end that was there on the day.
overdue_facts as (
    select
        overdue_runs.*,
        units.tier_unit_id,
        versions.owner_user_id,
        tiers.ttm_profit_amount
    from overdue_runs
    inner join run_epochs
        on run_epochs.account_id = overdue_runs.account_id
        and run_epochs.started_on = overdue_runs.started_on
    inner join units
        on units.epoch_date = run_epochs.epoch_date
        and units.account_id = overdue_runs.account_id
    inner join versions
        on versions.account_id = overdue_runs.account_id
        and versions.valid_from <= overdue_runs.started_on
        and versions.valid_to > overdue_runs.started_on
    left join tiers
        on tiers.tier_unit_id = units.tier_unit_id
        and tiers.month_end = case
            when last_day(overdue_runs.started_on) = overdue_runs.started_on
                then overdue_runs.started_on
            else {{ add_days(month_start('overdue_runs.started_on'), -1) }}
        end
    -- Epochs are kept for described days only; who is internal is asked for the day itself.
    where not versions.is_internal
),

overdue_alerts as (
    select
        'overdue_90_enter' as alert_type,
        'account' as unit_type,
        overdue_facts.account_id as unit_id,
        overdue_facts.account_id,
        overdue_facts.owner_user_id,
        overdue_facts.started_on as effective_date,
        cast(null as {{ text_type() }}) as from_value,
        cast(null as {{ text_type() }}) as to_value,
        case
            when overdue_facts.overdue_amount
                > overdue_facts.ttm_profit_amount * rules.amount then 'high'
            when overdue_facts.account_id is not null then 'medium'
        end as severity,
        case
            when overdue_facts.overdue_amount
                > overdue_facts.ttm_profit_amount * rules.amount then 'high'
            when overdue_facts.account_id is not null then 'medium'
        end as base_severity,
        cast(null as {{ text_type() }}) as cause,
        cast(null as {{ text_type() }}) as severity_reasons,
        'account_team' as audience,
        case
            when overdue_facts.overdue_amount
                > overdue_facts.ttm_profit_amount * rules.amount then 'immediate'
            when overdue_facts.account_id is not null then 'digest'
        end as delivery,
        overdue_facts.overdue_amount as at_stake_amount,
        'receivables_aging' as source_mart,
        {{ json_object({
            'account_name': 'accounts.account_name',
            'base_currency': "'" ~ var('base_currency') ~ "'",
            'gross_open_amount': 'aging.gross_open_amount',
            'invoice_id': 'overdue_facts.document_id',
            'overdue_90_plus_amount': 'aging.overdue_90_plus_amount',
            'overdue_amount': 'aging.overdue_amount',
            'ttm_profit_amount': 'overdue_facts.ttm_profit_amount'
        }) }} as payload
    from overdue_facts
    inner join rules
        on rules.valid_from <= overdue_facts.started_on
        and rules.valid_until > overdue_facts.started_on
    inner join accounts on accounts.account_id = overdue_facts.account_id
    left join aging on aging.account_id = overdue_facts.account_id
),

reconciliation_alerts as (
    select
        'reconciliation_failed' as alert_type,
        'company' as unit_type,
        'company' as unit_id,
        cast(null as {{ text_type() }}) as account_id,
        cast(null as {{ text_type() }}) as owner_user_id,
        as_of_date as effective_date,
        check_name as from_value,
        cast(null as {{ text_type() }}) as to_value,
        'high' as severity,
        'high' as base_severity,
        cast(null as {{ text_type() }}) as cause,
        cast(null as {{ text_type() }}) as severity_reasons,
        'data_engineering' as audience,
        'immediate' as delivery,
        cast(abs(difference_amount) as decimal(18,2)) as at_stake_amount,
        'receivables_reconciliation' as source_mart,
        {{ json_object({
            'check_name': 'check_name', 'difference_amount': 'difference_amount',
            'left_amount': 'left_amount', 'right_amount': 'right_amount'
        }) }} as payload
    from reconciliations
    where check_status = 'different'
),

-- The base keeps less while the book of A grows: at the first month-end of each run.
compared_erosion as (
    select
        *,
        lag(is_base_eroding) over (order by month_end) as was_eroding
    from {{ ref('int_portfolio__erosion') }}
),

erosion_alerts as (
    select
        'base_eroding' as alert_type,
        'company' as unit_type,
        'company' as unit_id,
        cast(null as {{ text_type() }}) as account_id,
        cast(null as {{ text_type() }}) as owner_user_id,
        month_end as effective_date,
        cast(null as {{ text_type() }}) as from_value,
        cast(null as {{ text_type() }}) as to_value,
        'medium' as severity,
        'medium' as base_severity,
        cast(null as {{ text_type() }}) as cause,
        cast(null as {{ text_type() }}) as severity_reasons,
        'bi' as audience,
        'digest' as delivery,
        base_opening_amount as at_stake_amount,
        'portfolio_summary' as source_mart,
        {{ json_object({
            'a_closing_amount': 'a_closing_amount', 'a_opening_amount': 'a_opening_amount',
            'base_currency': "'" ~ var('base_currency') ~ "'",
            'base_grr': ratio('base_retained_amount', 'base_opening_amount'),
            'base_opening_amount': 'base_opening_amount',
            'base_retained_amount': 'base_retained_amount',
            'former_base_grr': ratio('former_retained_amount', 'former_opening_amount')
        }) }} as payload
    from compared_erosion
    where is_base_eroding and was_eroding is not true
),

alerts as (
    select * from tier_alerts
    union all
    select * from config_alerts
    union all
    select * from overdue_alerts
    union all
    select * from payment_trap_alerts
    union all
    select * from reconciliation_alerts
    union all
    select * from {{ ref('int_alerts__control') }}
    union all
    select * from {{ ref('int_alerts__credit') }}
    union all
    select * from bought_growth_alerts
    union all
    select * from {{ ref('int_alerts__candidates') }}
    union all
    select * from {{ ref('int_alerts__lifecycle') }}
    union all
    select * from {{ ref('int_alerts__neglected') }}
    union all
    select * from {{ ref('int_alerts__relationships') }}
    union all
    select * from {{ ref('int_alerts__contacts') }}
    union all
    select * from {{ ref('int_alerts__concentration') }}
    union all
    select * from {{ ref('int_alerts__owners') }}
    union all
    select * from erosion_alerts
    union all
    select * from {{ ref('int_alerts__promises') }}
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        {{ event_key(['alert_type', 'unit_id', 'from_value', 'to_value',
            'cast(effective_date as ' ~ text_type() ~ ')']) }} as event_key,
        alert_type,
        unit_type,
        unit_id,
        account_id,
        owner_user_id,
        effective_date,
        from_value,
        to_value,
        severity,
        base_severity,
        cause,
        severity_reasons,
        audience,
        delivery,
        at_stake_amount,
        source_mart,
        payload
    from alerts
)

select * from final
