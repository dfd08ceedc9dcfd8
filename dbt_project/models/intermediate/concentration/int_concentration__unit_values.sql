-- Revenue and profit of the twelve months of each active tier unit: in the company, and its part in
-- each channel, with each account manager and in each product family. An account counts for the
-- channel and the account manager of the month-end, with all of its twelve months.
with months as (
    select * from {{ ref('int_calendar__month_ends') }} where is_tier_month
),

active as (
    select * from {{ ref('int_tiers__states') }} where rating_status <> 'INACTIVE'
),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

family_windows as (select * from {{ ref('int_revenue__family_windows') }}),

members as (
    select
        months.month_end,
        units.account_id,
        active.tier_unit_id,
        versions.channel,
        coalesce(versions.owner_user_id, 'none') as owner_user_id
    from months
    inner join units on units.epoch_date = months.epoch_date
    inner join active
        on active.month_end = months.month_end and active.tier_unit_id = units.tier_unit_id
    inner join versions
        on versions.account_id = units.account_id
        and versions.valid_from <= months.month_end
        and versions.valid_to > months.month_end
),

scopes as (
    {%- for scope in ['company', 'channel', 'owner'] %}
    select '{{ scope }}' as scope_type {{ 'union all' if not loop.last }}
    {%- endfor %}
),

parts as (
    select
        members.month_end,
        scopes.scope_type,
        case scopes.scope_type
            when 'company' then 'company'
            when 'channel' then members.channel
            when 'owner' then members.owner_user_id
        end as scope_id,
        members.tier_unit_id,
        account_windows.net_amount,
        account_windows.profit_amount
    from members
    inner join account_windows
        on account_windows.month_end = members.month_end
        and account_windows.account_id = members.account_id
    cross join scopes
    union all
    select
        members.month_end,
        'product_family' as scope_type,
        family_windows.product_family as scope_id,
        members.tier_unit_id,
        family_windows.net_amount,
        family_windows.profit_amount
    from members
    inner join family_windows
        on family_windows.month_end = members.month_end
        and family_windows.account_id = members.account_id
),

final as (
    select
        month_end,
        scope_type,
        scope_id,
        tier_unit_id,
        {{ money_sum('net_amount') }} as net_amount,
        {{ money_sum('profit_amount') }} as profit_amount
    from parts
    group by month_end, scope_type, scope_id, tier_unit_id
)

select * from final
