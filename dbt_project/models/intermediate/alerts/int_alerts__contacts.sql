-- An account that nobody has spoken with for longer than its tier allows, once per silence: on the
-- first day on which the limit of the tier of that day is passed. Merged records raise none.
with talks as (select * from {{ ref('int_relationships__talks') }}),

limits as ({{ dated_config('contact_limits', 'tier') }}),

months as (select * from {{ ref('int_calendar__month_ends') }}),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

tiers as (select * from {{ ref('int_tiers__states') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

talk_days as (select account_id, activity_date from talks group by account_id, activity_date),

silences as (
    select
        account_id,
        activity_date as last_two_way_date,
        coalesce(
            lead(activity_date) over (partition by account_id order by activity_date),
            {{ add_days(as_of_date(), 1) }}
        ) as until_date
    from talk_days
),

passed as (
    select
        silences.account_id,
        silences.last_two_way_date,
        limits.tier,
        limits.limit_days,
        limits.valid_from,
        limits.valid_until,
        silences.until_date,
        {{ add_days('silences.last_two_way_date', 'limits.limit_days + 1') }} as overdue_from
    from silences
    cross join limits
),

dated as (
    select
        passed.*,
        case
            when last_day(overdue_from) = overdue_from then overdue_from
            else {{ add_days(month_start('overdue_from'), -1) }}
        end as tier_month_end
    from passed
    where overdue_from < until_date
        and overdue_from >= valid_from
        and overdue_from < valid_until
),

rated as (
    select
        dated.*,
        tiers.tier_unit_id,
        tiers.profit_amount,
        row_number() over (
            partition by dated.account_id, dated.last_two_way_date order by dated.overdue_from
        ) as place
    from dated
    inner join months on months.month_end = dated.tier_month_end
    inner join units
        on units.epoch_date = months.epoch_date
        and units.account_id = dated.account_id
        and units.customer_key = dated.account_id
    inner join tiers
        on tiers.tier_unit_id = units.tier_unit_id
        and tiers.month_end = dated.tier_month_end
        and tiers.tier = dated.tier
),

final as (
    select
        'contact_overdue' as alert_type,
        'account' as unit_type,
        rated.account_id as unit_id,
        rated.account_id,
        versions.owner_user_id,
        rated.overdue_from as effective_date,
        cast(null as {{ text_type() }}) as from_value,
        cast(null as {{ text_type() }}) as to_value,
        case when rated.tier = 'A' then 'medium' when rated.tier <> 'A' then 'low' end as severity,
        case when rated.tier = 'A' then 'medium' when rated.tier <> 'A' then 'low' end
            as base_severity,
        cast(null as {{ text_type() }}) as cause,
        cast(null as {{ text_type() }}) as severity_reasons,
        'account_team' as audience,
        'digest' as delivery,
        rated.profit_amount as at_stake_amount,
        'contact_coverage' as source_mart,
        {{ json_object({
            'account_name': 'versions.account_name',
            'base_currency': "'" ~ var('base_currency') ~ "'",
            'contact_limit_days': 'rated.limit_days',
            'last_two_way_date': 'rated.last_two_way_date',
            'tier': 'rated.tier',
            'ttm_profit_amount': 'rated.profit_amount'
        }) }} as payload
    from rated
    inner join versions
        on versions.account_id = rated.account_id
        and versions.valid_from <= rated.overdue_from
        and versions.valid_to > rated.overdue_from
    where rated.place = 1
)

select * from final
