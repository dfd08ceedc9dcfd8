-- Revenue of the company, its channels and its product families in each complete month, from the
-- first one with all its days on. An account counts for its channel at the end of the month.
with line_groups as (select * from {{ ref('int_revenue__line_groups') }}),

months as (select * from {{ ref('int_calendar__month_ends') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

sold as (
    select
        months.month_number,
        line_groups.product_family,
        versions.channel,
        sum(line_groups.net_amount) as net_amount
    from line_groups
    inner join months on months.month_start = line_groups.month_start
    inner join bounds on bounds.first_document_date <= months.month_start
    inner join versions
        on versions.account_id = line_groups.account_id
        and versions.valid_from <= months.month_end
        and versions.valid_to > months.month_end
    where not versions.is_internal
    group by months.month_number, line_groups.product_family, versions.channel
),

scopes as (
    {%- for scope in ['company', 'channel', 'product_family'] %}
    select '{{ scope }}' as scope_type {{ 'union all' if not loop.last }}
    {%- endfor %}
),

in_scopes as (
    select
        scopes.scope_type,
        case scopes.scope_type
            when 'company' then 'company'
            when 'channel' then sold.channel
            when 'product_family' then sold.product_family
        end as scope_id,
        sold.month_number,
        sold.net_amount
    from sold
    cross join scopes
),

final as (
    select
        scope_type,
        scope_id,
        month_number,
        {{ money_sum('net_amount') }} as net_amount
    from in_scopes
    group by scope_type, scope_id, month_number
)

select * from final
