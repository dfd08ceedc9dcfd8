-- Channels, account managers and tiers hold what the company holds, model by model.
-- Red by an actual that is in no channel, or by an origin that only an account manager had, or by a month-end that is missing.
with sums as (
    select
        month_end,
        forecast_model,
        scope_type,
        sum(actual_amount) as actual_amount,
        max(origins_count) as origins_count
    from {{ ref('forecast_accuracy') }}
    group by month_end, forecast_model, scope_type
),

scopes as (
    {%- for scope in ['company', 'channel', 'owner', 'tier'] %}
    select '{{ scope }}' as scope_type {{ 'union all' if not loop.last }}
    {%- endfor %}
),

named as (
    select
        month_end,
        forecast_model
    from sums
    group by month_end, forecast_model
)

select
    named.month_end,
    named.forecast_model,
    scopes.scope_type
from named
cross join scopes
left join sums as company
    on company.month_end = named.month_end
    and company.forecast_model = named.forecast_model
    and company.scope_type = 'company'
left join sums
    on sums.month_end = named.month_end
    and sums.forecast_model = named.forecast_model
    and sums.scope_type = scopes.scope_type
where (
    sums.actual_amount = company.actual_amount and sums.origins_count <= company.origins_count
) is not true
