{%- set orders_known = is_present('erp_orders') -%}
{%- set lines_known = orders_known and is_present('erp_order_lines') -%}
{%- set cases_known = is_present('crm_service_cases') -%}
{%- set contacts_known = cases_known and is_present('crm_activities') -%}
with accounts as (select * from {{ ref('int_service__accounts') }}),

windows as (select * from {{ ref('int_service__account_windows') }}),

times as (select * from {{ ref('int_service__account_times') }}),

mixes as (select * from {{ ref('int_service__unit_mixes') }}),

unit_levels as (select * from {{ ref('int_service__unit_levels') }}),

final as (
    select
        accounts.month_end,
        accounts.account_id,
        accounts.tier_unit_id,
        accounts.tier,
        {%- for count in ['lines_due_count', 'lines_otif_count'] %}
        {{ known_or_null(lines_known, 'windows.' ~ count) }} as {{ count }},
        {%- endfor %}
        {{ ratio('windows.lines_otif_count', 'windows.lines_due_count') }} as otif_ratio,
        {{ known_or_null(lines_known, 'windows.lines_without_promise_count') }}
            as lines_without_promise_count,
        {%- for standard in ['response', 'resolution'] %}
        {{ known_or_null(cases_known, 'windows.' ~ standard ~ '_due_count') }}
            as {{ standard }}_due_count,
        {{ known_or_null(cases_known, 'windows.' ~ standard ~ '_met_count') }}
            as {{ standard }}_met_count,
        {{ ratio('windows.' ~ standard ~ '_met_count', 'windows.' ~ standard ~ '_due_count') }}
            as {{ standard }}_sla_ratio,
        {%- endfor %}
        {{ known_or_null(cases_known, 'coalesce(unit_levels.service_sites_count, 0)') }} as sites_count,
        unit_levels.site_sla_deviation_ratio,
        unit_levels.site_sla_spread_ratio,
        {{ ratio('windows.returned_amount', 'windows.delivered_amount') }} as return_ratio,
        {{ known_or_null(orders_known, 'windows.orders_count') }} as orders_count,
        {{ known_or_null(cases_known, 'windows.complaints_count') }} as complaints_count,
        {{ known_or_null(cases_known and orders_known,
            ratio('100 * windows.complaints_count', 'windows.orders_count'), 'decimal(18,6)') }}
            as complaints_per_100_orders,
        {%- for count in ['disputes_count', 'open_cases_count', 'open_severe_cases_count'] %}
        {{ known_or_null(cases_known, 'windows.' ~ count) }} as {{ count }},
        {%- endfor %}
        {{ multiply_divide('times.response_seconds', '1', '3600') }} as first_response_hours,
        {{ multiply_divide('times.resolution_seconds', '1', '3600') }} as resolution_hours,
        {{ known_or_null(contacts_known,
            ratio('windows.proactive_count', 'windows.contacts_count'), 'decimal(18,6)') }}
            as proactive_ratio,
        cast(times.delivery_days as decimal(18,2)) as order_to_delivery_days,
        mixes.peer_delivery_days as peer_order_to_delivery_days,
        mixes.peer_delivery_coverage_ratio,
        case when accounts.tier = 'A' then
            cast(mixes.peer_delivery_days - times.delivery_days as decimal(18,2))
        end as green_channel_gain_days,
        cast(times.quote_days as decimal(18,2)) as quote_to_order_days,
        mixes.peer_quote_days as peer_quote_to_order_days,
        mixes.peer_quote_coverage_ratio
    from accounts
    inner join windows
        on windows.month_end = accounts.month_end and windows.account_id = accounts.account_id
    inner join times
        on times.month_end = accounts.month_end and times.account_id = accounts.account_id
    left join mixes
        on mixes.month_end = accounts.month_end and mixes.tier_unit_id = accounts.tier_unit_id
    left join unit_levels
        on unit_levels.month_end = accounts.month_end
        and unit_levels.tier_unit_id = accounts.tier_unit_id
)

select * from final
