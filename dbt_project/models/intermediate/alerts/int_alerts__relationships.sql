-- A relationship that comes to hang on single people, once per run of month-ends, and one that loses
-- a stage for good. Records that were merged into another raise none.
{%- set payload = {
    'account_name': 'rated.account_name',
    'active_contacts_count': 'rated.active_contacts_count',
    'active_own_users_count': 'rated.active_own_users_count',
    'base_currency': "'" ~ var('base_currency') ~ "'",
    'talks_count': 'rated.activities_count',
    'tier': 'rated.tier',
    'top_contact_ratio': 'rated.top_contact_ratio',
    'ttm_profit_amount': 'rated.profit_amount'
} %}
with stages as (
    select * from {{ ref('int_relationships__stages') }}
    where is_month_end and account_id = customer_key
),

confirmed as (select * from {{ ref('int_relationships__confirmed') }} where is_month_end),

tiers as (select * from {{ ref('int_tiers__states') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

compared as (
    select
        stages.*,
        confirmed.confirmed_stage,
        lag(stages.is_single_threaded) over by_account as was_single_threaded,
        lag(confirmed.confirmed_stage) over by_account as stage_before
    from stages
    inner join confirmed
        on confirmed.as_of_date = stages.as_of_date and confirmed.account_id = stages.account_id
    window by_account as (partition by stages.account_id order by stages.as_of_date)
),

turns as (
    select
        'single_threaded_enter' as alert_type,
        cast(null as {{ text_type() }}) as from_value,
        cast(null as {{ text_type() }}) as to_value,
        compared.*
    from compared
    where is_single_threaded and was_single_threaded is not true
    union all
    select
        'stage_loss' as alert_type,
        cast(stage_before as {{ text_type() }}) as from_value,
        cast(confirmed_stage as {{ text_type() }}) as to_value,
        compared.*
    from compared
    where confirmed_stage < stage_before
),

rated as (
    select
        turns.*,
        tiers.tier,
        tiers.profit_amount,
        versions.account_name,
        versions.owner_user_id,
        case
            when tiers.tier = 'A' then 'high'
            when tiers.tier = 'B' or turns.alert_type = 'stage_loss' then 'medium'
            when turns.account_id is not null then 'low'
        end as severity
    from turns
    inner join versions
        on versions.account_id = turns.account_id
        and versions.valid_from <= turns.as_of_date
        and versions.valid_to > turns.as_of_date
    left join tiers
        on tiers.tier_unit_id = turns.tier_unit_id and tiers.month_end = turns.as_of_date
),

final as (
    select
        rated.alert_type,
        'account' as unit_type,
        rated.account_id as unit_id,
        rated.account_id,
        rated.owner_user_id,
        rated.as_of_date as effective_date,
        rated.from_value,
        rated.to_value,
        rated.severity,
        rated.severity as base_severity,
        cast(null as {{ text_type() }}) as cause,
        cast(null as {{ text_type() }}) as severity_reasons,
        'account_team' as audience,
        case
            when rated.severity = 'high' then 'immediate'
            when rated.severity in ('medium', 'low') then 'digest'
        end as delivery,
        rated.profit_amount as at_stake_amount,
        'relationship_stages' as source_mart,
        {{ json_object(payload) }} as payload
    from rated
)

select * from final
