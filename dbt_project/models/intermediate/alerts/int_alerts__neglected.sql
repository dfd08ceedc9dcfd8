-- A key account that waits while its owner is with small ones, once per run of month-ends.
with efforts as (select * from {{ ref('int_relationships__efforts') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

compared as (
    select
        efforts.*,
        lag(is_neglected) over (partition by tier_unit_id order by month_end) as was_neglected
    from efforts
),

final as (
    select
        'neglected_a' as alert_type,
        'tier_unit' as unit_type,
        compared.tier_unit_id as unit_id,
        compared.tier_unit_id as account_id,
        compared.owner_user_id,
        compared.month_end as effective_date,
        cast(null as {{ text_type() }}) as from_value,
        cast(null as {{ text_type() }}) as to_value,
        'high' as severity,
        'high' as base_severity,
        cast(null as {{ text_type() }}) as cause,
        cast(null as {{ text_type() }}) as severity_reasons,
        'account_team' as audience,
        'immediate' as delivery,
        compared.profit_amount as at_stake_amount,
        'effort_mismatch' as source_mart,
        {{ json_object({
            'account_name': 'versions.account_name',
            'activities_count': 'compared.activities_count',
            'base_currency': "'" ~ var('base_currency') ~ "'",
            'contact_limit_days': 'compared.contact_limit_days',
            'owner_c_activities_count': 'compared.owner_c_activities_count',
            'tier': 'compared.tier',
            'ttm_profit_amount': 'compared.profit_amount'
        }) }} as payload
    from compared
    inner join versions
        on versions.account_id = compared.tier_unit_id
        and versions.valid_from <= compared.month_end
        and versions.valid_to > compared.month_end
    where compared.is_neglected and compared.was_neglected is not true
)

select * from final
