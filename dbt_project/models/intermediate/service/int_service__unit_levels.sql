-- How even the service sites serve a tier unit: deviation and spread of the attainment of both
-- standards together, over the sites that had a deadline. One site alone is neither even nor uneven.
with sites as (
    select * from {{ ref('int_service__unit_sites') }} where service_site <> 'unknown'
),

attained as (
    select
        month_end,
        tier_unit_id,
        case when cases_count > 0 then 1 else 0 end as is_serving,
        -- Millionths, so that sums and squares are whole.
        cast({{ ratio('response_met_count + resolution_met_count',
            'response_due_count + resolution_due_count') }} * 1000000 as bigint) as attained_parts
    from sites
),

sums as (
    select
        month_end,
        tier_unit_id,
        sum(is_serving) as service_sites_count,
        count(attained_parts) as attained_count,
        sum(attained_parts) as parts,
        sum(attained_parts * attained_parts) as squared_parts,
        max(attained_parts) - min(attained_parts) as spread_parts
    from attained
    group by month_end, tier_unit_id
),

final as (
    select
        month_end,
        tier_unit_id,
        cast(service_sites_count as bigint) as service_sites_count,
        -- sqrt(n S2 - S^2) / n, with four more places under the root.
        case when attained_count >= 2 then
            {{ multiply_divide(
                square_root('(cast(attained_count * squared_parts as decimal(28,0))'
                    ~ ' - cast(parts as decimal(14,0)) * cast(parts as decimal(14,0)))'
                    ~ " * cast('100000000' as decimal(9,0))"),
                '1', "attained_count * cast('10000000000' as decimal(11,0))", 6) }}
        end as site_sla_deviation_ratio,
        case when attained_count >= 2 then
            cast(spread_parts * {{ unit_of(6) }} as decimal(18,6))
        end as site_sla_spread_ratio
    from sums
)

select * from final
