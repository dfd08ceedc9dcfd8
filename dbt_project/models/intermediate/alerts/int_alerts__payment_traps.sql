-- Each month-end at which an account became a payment trap or ceased to be one. A month-end without
-- a verdict changes nothing: too few invoices do not end a trap.
{%- set payload = {
    'account_name': 'names.account_name', 'average_gross_amount': 'turns.average_gross_amount',
    'base_currency': "'" ~ var('base_currency') ~ "'",
    'break_even_cycle_days': 'turns.break_even_cycle_days', 'channel': 'turns.channel',
    'collection_cycle_days': 'turns.collection_cycle_days',
    'contribution_margin_ratio': 'turns.contribution_margin_ratio',
    'financing_cost_amount': 'turns.financing_cost_amount',
    'financing_cost_ratio': 'turns.financing_cost_ratio',
    'margin_after_financing_ratio': 'turns.margin_after_financing_ratio',
    'oldest_open_overdue_days': 'turns.oldest_overdue_days',
    'over_terms_days': 'turns.over_terms_days',
    'peer_median_cycle_days': 'turns.peer_median_cycle_days', 'reasons': 'turns.reasons',
    'terms_days': 'turns.payment_terms_days'
} %}
with verdicts as (
    select * from {{ ref('int_receivables__payment_traps') }}
    where is_month_end and payment_trap_status in ('trap', 'no_trap')
),

tiers as (select * from {{ ref('int_tiers__states') }}),

names as (
    select * from {{ ref('stg_crm__account_versions') }}
    where valid_from <= {{ as_of_date() }} and valid_to > {{ as_of_date() }}
),

compared as (
    select
        *,
        coalesce(
            lag(payment_trap_status) over (partition by account_id order by as_of_date), 'no_trap'
        ) as status_before
    from verdicts
),

turns as (
    select
        compared.*,
        tiers.tier
    from compared
    left join tiers
        on tiers.tier_unit_id = compared.tier_unit_id and tiers.month_end = compared.as_of_date
    where compared.payment_trap_status <> compared.status_before
),

typed as (
    select
        case turns.payment_trap_status
            when 'trap' then 'payment_trap_enter'
            when 'no_trap' then 'payment_trap_exit'
        end as alert_type,
        case
            when turns.payment_trap_status = 'no_trap' then 'info'
            when turns.tier = 'A' then 'high'
            when turns.payment_trap_status = 'trap' then 'medium'
        end as severity,
        turns.account_id,
        turns.owner_user_id,
        turns.as_of_date as effective_date,
        turns.status_before as from_value,
        turns.payment_trap_status as to_value,
        turns.average_gross_amount as at_stake_amount,
        {{ json_object(payload) }} as payload
    from turns
    inner join names on names.account_id = turns.account_id
),

final as (
    select
        alert_type,
        'account' as unit_type,
        account_id as unit_id,
        account_id,
        owner_user_id,
        effective_date,
        from_value,
        to_value,
        severity,
        severity as base_severity,
        cast(null as {{ text_type() }}) as cause,
        cast(null as {{ text_type() }}) as severity_reasons,
        'account_team' as audience,
        case severity
            when 'high' then 'immediate'
            when 'medium' then 'digest'
            when 'info' then 'digest'
        end as delivery,
        at_stake_amount,
        'payment_behaviour' as source_mart,
        payload
    from typed
)

select * from final
