-- A band of concentration that rises, at its month-end. A scope below the company is told of only when
-- it has enough units (dated rule), as the largest of a few is always large.
with indexes as (select * from {{ ref('int_concentration__indexes') }}),

months as (select * from {{ ref('int_calendar__month_ends') }} where is_tier_month),

names as (
    select * from {{ ref('stg_crm__account_versions') }}
    where valid_from <= {{ as_of_date() }} and valid_to > {{ as_of_date() }}
),

users as (select * from {{ ref('stg_crm__users') }}),

rules as ({{ dated_config('concentration_config') }}),

bands as (
    {%- for index_name, band in [('top1', 'top1_band'), ('hhi', 'hhi_band')] %}
    select
        indexes.*,
        months.month_number,
        '{{ index_name }}' as index_name,
        indexes.{{ band }} as band
    from indexes
    inner join months on months.month_end = indexes.month_end
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

levels as (
    select
        *,
        case
            when band in ('noticeable', 'moderate') then 2
            when band = 'high' then 3
            when band = 'critical' then 4
            when band in ('none', 'low') then 0
        end as band_level
    from bands
),

-- A scope that was not there a month before had no band.
stepped as (
    select
        *,
        case
            when lag(month_number) over by_scope = month_number - 1 then lag(band) over by_scope
            when month_number > 0 then 'none'
        end as band_before,
        case
            when lag(month_number) over by_scope = month_number - 1
                then lag(band_level) over by_scope
            else 0
        end as level_before
    from levels
    window by_scope as (
        partition by scope_type, scope_id, measure, index_name order by month_number
    )
),

rises as (
    select
        steps.*,
        case
            when steps.index_name = 'top1' and steps.band = 'critical' then 'critical'
            when steps.index_name = 'top1' and steps.band = 'high' then 'medium'
            when steps.index_name = 'top1' and steps.band = 'noticeable' then 'info'
            when steps.index_name = 'hhi' and steps.band = 'high' then 'medium'
            when steps.index_name = 'hhi' and steps.band = 'moderate' then 'low'
        end as severity,
        case steps.scope_type
            when 'company' then 'the company'
            when 'channel' then concat_ws(' ', 'channel', steps.scope_id)
            when 'owner'
                then concat_ws(' ', 'the accounts of', coalesce(users.user_name, steps.scope_id))
            when 'product_family' then concat_ws(' ', 'product family', steps.scope_id)
        end as scope_name
    from stepped as steps
    inner join rules
        on rules.valid_from <= steps.month_end and rules.valid_until > steps.month_end
    left join users on users.user_id = steps.scope_id and steps.scope_type = 'owner'
    where steps.band_level > steps.level_before
        and (
            steps.scope_type = 'company' or steps.accounts_count >= rules.minimum_alert_units
        )
),

final as (
    select
        'concentration_threshold' as alert_type,
        'scope' as unit_type,
        concat_ws(':', rises.scope_type, rises.scope_id, rises.measure, rises.index_name)
            as unit_id,
        rises.top1_tier_unit_id as account_id,
        cast(null as {{ text_type() }}) as owner_user_id,
        rises.month_end as effective_date,
        rises.band_before as from_value,
        rises.band as to_value,
        rises.severity,
        rises.severity as base_severity,
        cast(null as {{ text_type() }}) as cause,
        cast(null as {{ text_type() }}) as severity_reasons,
        'bi' as audience,
        case
            when rises.severity = 'critical' then 'immediate'
            when rises.severity <> 'critical' then 'digest'
        end as delivery,
        rises.total_positive_amount as at_stake_amount,
        'concentration' as source_mart,
        {{ json_object({
            'account_name': 'names.account_name', 'accounts_count': 'rises.accounts_count',
            'base_currency': "'" ~ var('base_currency') ~ "'",
            'effective_accounts': 'rises.effective_accounts', 'hhi_points': 'rises.hhi_points',
            'measure': 'rises.measure', 'scope_name': 'rises.scope_name',
            'top1_ratio': 'rises.top1_ratio', 'top3_ratio': 'rises.top3_ratio',
            'total_positive_amount': 'rises.total_positive_amount',
            'without_top1_amount': 'rises.without_top1_amount'
        }) }} as payload
    from rises as rises
    left join names on names.account_id = rises.top1_tier_unit_id
)

select * from final
