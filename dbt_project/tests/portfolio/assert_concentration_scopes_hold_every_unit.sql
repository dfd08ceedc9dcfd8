-- Channels and account managers add up to the company, unit by unit; families do in revenue, and in
-- profit where nothing is known of the cost to serve.
-- Red by a part that is left out, or by a part of another unit, or by profit that is nobody's, or by a family too much.
with parts as (
    select
        month_end,
        scope_type,
        tier_unit_id,
        sum(net_amount) as net_amount,
        sum(profit_amount) as profit_amount
    from {{ ref('int_concentration__unit_values') }}
    group by month_end, scope_type, tier_unit_id
),

company as (select * from parts where scope_type = 'company'),

measures as (
    select
        month_end,
        max(case when measure_used = 'contribution_profit' then 1 else 0 end) = 1 as is_served
    from {{ ref('account_tiers') }}
    group by month_end
),

scopes as (
    {%- for scope in ['channel', 'owner', 'product_family'] %}
    select '{{ scope }}' as scope_type {{ 'union all' if not loop.last }}
    {%- endfor %}
),

expected as (
    select
        company.month_end,
        scopes.scope_type,
        company.tier_unit_id,
        company.net_amount,
        case when scopes.scope_type <> 'product_family' or not measures.is_served
            then company.profit_amount end as profit_amount
    from company
    inner join measures on measures.month_end = company.month_end
    cross join scopes
),

found as (
    select
        parts.month_end,
        parts.scope_type,
        parts.tier_unit_id,
        parts.net_amount,
        case when parts.scope_type <> 'product_family' or not measures.is_served
            then parts.profit_amount end as profit_amount
    from parts
    inner join measures on measures.month_end = parts.month_end
    where parts.scope_type <> 'company'
)

select
    coalesce(found.month_end, expected.month_end) as month_end,
    coalesce(found.scope_type, expected.scope_type) as scope_type,
    coalesce(found.tier_unit_id, expected.tier_unit_id) as tier_unit_id
from found
full join expected
    on expected.month_end = found.month_end
    and expected.scope_type = found.scope_type
    and expected.tier_unit_id = found.tier_unit_id
where found.net_amount is distinct from expected.net_amount
    or found.profit_amount is distinct from expected.profit_amount
