with errors as (select * from {{ ref('int_forecasts__errors') }}),

months as (select * from {{ ref('int_calendar__month_ends') }}),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

tiers as (select * from {{ ref('int_tiers__states') }}),

scopes as (
    {%- for scope in ['company', 'channel', 'tier', 'owner'] %}
    select '{{ scope }}' as scope_type {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- An account with its twelve months counts where it belongs at the month-end.
placed as (
    select
        errors.*,
        scopes.scope_type,
        case scopes.scope_type
            when 'company' then 'company'
            when 'channel' then versions.channel
            when 'tier' then coalesce(tiers.tier, 'none')
            when 'owner' then coalesce(versions.owner_user_id, 'none')
        end as scope_id
    from errors
    inner join months on months.month_end = errors.month_end
    inner join units
        on units.epoch_date = months.epoch_date and units.account_id = errors.account_id
    inner join versions
        on versions.account_id = errors.account_id
        and versions.valid_from <= errors.month_end
        and versions.valid_to > errors.month_end
    left join tiers
        on tiers.month_end = errors.month_end and tiers.tier_unit_id = units.tier_unit_id
    cross join scopes
),

sums as (
    select
        month_end,
        scope_type,
        scope_id,
        forecast_model,
        bit_count(bit_or(origin_bits)) as origins_count,
        {{ money_sum('actual_amount') }} as actual_amount,
        {{ money_sum('error_amount') }} as error_amount,
        {{ money_sum('absolute_error_amount') }} as absolute_error_amount,
        {{ money_sum('absolute_naive_error_amount') }} as absolute_naive_error_amount
    from placed
    group by month_end, scope_type, scope_id, forecast_model
),

final as (
    select
        month_end,
        scope_type,
        scope_id,
        forecast_model,
        cast(origins_count as bigint) as origins_count,
        actual_amount,
        case when actual_amount > 0
            then {{ ratio('absolute_error_amount', 'actual_amount') }} end as wape_ratio,
        case when actual_amount > 0
            then {{ ratio('error_amount', 'actual_amount') }} end as bias_ratio,
        {{ ratio('absolute_error_amount', 'absolute_naive_error_amount') }} as mase,
        absolute_naive_error_amount > 0 and absolute_error_amount < absolute_naive_error_amount
            as is_better_than_naive
    from sums
)

select * from final
