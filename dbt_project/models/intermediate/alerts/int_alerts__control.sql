-- Alerts for finance control alone: the first month-end of each run of month-ends at which an owner's
-- receivables, or the cash of an account, need a review. Figures are those of that month-end.
{%- set owner_payload = {
    'accounts': 'account_lists.accounts', 'accounts_count': 'starts.accounts_count',
    'base_currency': "'" ~ var('base_currency') ~ "'",
    'benchmark_coverage_ratio': 'starts.benchmark_coverage_ratio',
    'drag_ratio': 'starts.drag_ratio', 'expected_overdue_ratio': 'starts.expected_overdue_ratio',
    'gross_open_amount': 'starts.gross_open_amount', 'overdue_ratio': 'starts.overdue_ratio',
    'reasons': 'starts.reasons', 'unapplied_over_30d_amount': 'starts.unapplied_over_30d_amount',
    'unapplied_over_30d_ratio': 'starts.unapplied_over_30d_ratio'
} %}
{%- set cash_payload = {
    'account_name': 'versions.account_name', 'application_lag_days': 'starts.application_lag_days',
    'base_currency': "'" ~ var('base_currency') ~ "'",
    'cash_method_ratio': 'starts.cash_method_ratio',
    'confirmation_difference_amount': 'starts.confirmation_difference_amount',
    'cross_account_ratio': 'starts.cross_account_ratio',
    'gross_open_amount': 'starts.gross_open_amount',
    'oldest_unapplied_days': 'starts.oldest_unapplied_days',
    'out_of_order_ratio': 'starts.out_of_order_ratio', 'reasons': 'starts.reasons',
    'receipts_amount': 'starts.receipts_amount', 'receipts_count': 'starts.receipts_count',
    'third_party_payer_ratio': 'starts.third_party_payer_ratio',
    'unapplied_over_30d_amount': 'starts.unapplied_over_30d_amount'
} %}
with days as (select * from {{ ref('int_calendar__days') }} where is_month_end),

owner_days as (select * from {{ ref('int_control__owner_days') }}),

account_days as (select * from {{ ref('int_control__account_days') }}),

positions as (select * from {{ ref('int_control__positions') }} where not is_internal),

units as (select * from {{ ref('int_identity__account_units') }}),

versions as (
    select * from {{ ref('stg_crm__account_versions') }}
    where valid_from <= {{ as_of_date() }} and valid_to > {{ as_of_date() }}
),

owner_runs as (
    select
        owner_days.*,
        {{ month_number('owner_days.as_of_date') }} - lag(
            {{ month_number('owner_days.as_of_date') }}
        ) over (
            partition by owner_days.owner_user_id order by owner_days.as_of_date
        ) as months_since
    from owner_days
    inner join days on days.as_of_date = owner_days.as_of_date
    where owner_days.is_review_needed
),

owner_starts as (
    select * from owner_runs where coalesce(months_since > 1, true)
),

-- Where to look first.
ranked as (
    select
        owner_starts.as_of_date,
        owner_starts.owner_user_id,
        positions.account_id,
        positions.overdue_amount,
        positions.unapplied_old_amount,
        row_number() over (
            partition by owner_starts.as_of_date, owner_starts.owner_user_id
            order by positions.overdue_amount + positions.unapplied_old_amount desc,
                positions.account_id
        ) as place
    from owner_starts
    inner join positions
        on positions.as_of_date = owner_starts.as_of_date
        and coalesce(positions.owner_user_id, 'none') = owner_starts.owner_user_id
),

account_lists as (
    select
        ranked.as_of_date,
        ranked.owner_user_id,
        {{ json_array({
            'account_id': 'ranked.account_id', 'account_name': 'versions.account_name',
            'overdue_amount': 'ranked.overdue_amount',
            'unapplied_over_30d_amount': 'ranked.unapplied_old_amount'
        }, 'ranked.place') }} as accounts
    from ranked
    inner join versions on versions.account_id = ranked.account_id
    where ranked.place <= 3
    group by ranked.as_of_date, ranked.owner_user_id
),

account_runs as (
    select
        account_days.*,
        {{ month_number('account_days.as_of_date') }} - lag(
            {{ month_number('account_days.as_of_date') }}
        ) over (
            partition by account_days.account_id order by account_days.as_of_date
        ) as months_since
    from account_days
    inner join days on days.as_of_date = account_days.as_of_date
    inner join units
        on units.epoch_date = days.epoch_date and units.account_id = account_days.account_id
    where account_days.is_review_needed and not units.is_internal
),

account_starts as (
    select * from account_runs where coalesce(months_since > 1, true)
),

final as (
    select
        'owner_drag_review' as alert_type,
        'owner' as unit_type,
        starts.owner_user_id as unit_id,
        cast(null as {{ text_type() }}) as account_id,
        nullif(starts.owner_user_id, 'none') as owner_user_id,
        starts.as_of_date as effective_date,
        cast(null as {{ text_type() }}) as from_value,
        cast(null as {{ text_type() }}) as to_value,
        case
            when starts.reasons like '%cash_received_not_applied%' then 'high'
            when starts.reasons is not null then 'medium'
        end as severity,
        case
            when starts.reasons like '%cash_received_not_applied%' then 'high'
            when starts.reasons is not null then 'medium'
        end as base_severity,
        cast(null as {{ text_type() }}) as cause,
        cast(null as {{ text_type() }}) as severity_reasons,
        'finance_control' as audience,
        case
            when starts.reasons like '%cash_received_not_applied%' then 'immediate'
            when starts.reasons is not null then 'digest'
        end as delivery,
        starts.overdue_amount as at_stake_amount,
        'owner_receivables' as source_mart,
        {{ json_object(owner_payload) }} as payload
    from owner_starts as starts
    inner join account_lists
        on account_lists.as_of_date = starts.as_of_date
        and account_lists.owner_user_id = starts.owner_user_id
    union all
    select
        'cash_control_review' as alert_type,
        'account' as unit_type,
        starts.account_id as unit_id,
        starts.account_id,
        starts.owner_user_id,
        starts.as_of_date as effective_date,
        cast(null as {{ text_type() }}) as from_value,
        cast(null as {{ text_type() }}) as to_value,
        'high' as severity,
        'high' as base_severity,
        cast(null as {{ text_type() }}) as cause,
        cast(null as {{ text_type() }}) as severity_reasons,
        'finance_control' as audience,
        'immediate' as delivery,
        starts.unapplied_over_30d_amount as at_stake_amount,
        'cash_control' as source_mart,
        {{ json_object(cash_payload) }} as payload
    from account_starts as starts
    inner join versions on versions.account_id = starts.account_id
)

select * from final
