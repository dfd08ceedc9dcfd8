-- How near each account is to one of our plants, along the surface of a globe, and how much of what all
-- of them can make in a year it asks for, as of D.
with versions as (
    select * from {{ ref('stg_crm__account_versions') }}
    where valid_from <= {{ as_of_date() }} and valid_to > {{ as_of_date() }}
),

plants as (select * from {{ ref('stg_erp__plants') }}),

account_angles as (
    select
        account_id,
        {{ radians('latitude') }} as north,
        {{ radians('longitude') }} as east
    from versions
    where latitude is not null and longitude is not null
),

plant_angles as (
    select
        plant_id,
        {{ radians('latitude') }} as north,
        {{ radians('longitude') }} as east
    from plants
    where latitude is not null and longitude is not null
),

{%- for side, key in [('account', 'account_id'), ('plant', 'plant_id')] %}

{{ side }}_points as (
    select
        {{ key }},
        {{ cosine('north') }} * {{ cosine('east') }} as x,
        {{ cosine('north') }} * {{ sine('east') }} as y,
        {{ sine('north') }} as z
    from {{ side }}_angles
),
{%- endfor %}

-- The nearest plant is at the end of the shortest line through the globe.
lines as (
    select
        account_points.account_id,
        min(
            (account_points.x - plant_points.x) * (account_points.x - plant_points.x)
            + (account_points.y - plant_points.y) * (account_points.y - plant_points.y)
            + (account_points.z - plant_points.z) * (account_points.z - plant_points.z)
        ) as line_square
    from account_points
    cross join plant_points
    group by account_points.account_id
),

-- The angle of such a line from the middle of the globe, halved until it is small.
quarters as (
    select account_id, {{ tangent_of_line('line_square') }} as tangent from lines
),

eighths as (
    select account_id, {{ half_tangent('tangent') }} as tangent from quarters
),

sixteenths as (
    select account_id, {{ half_tangent('tangent') }} as tangent from eighths
),

distances as (
    select account_id, {{ kilometres('tangent') }} as nearest_plant_km from sixteenths
),

-- With a plant of unknown capacity the whole is not known.
capacities as (
    select case when count(*) = count(yearly_capacity) then sum(yearly_capacity) end
        as yearly_capacity
    from plants
),

final as (
    select
        versions.account_id,
        distances.nearest_plant_km,
        {{ ratio('versions.requested_capacity', 'capacities.yearly_capacity') }}
            as requested_capacity_ratio
    from versions
    left join distances on distances.account_id = versions.account_id
    left join capacities on true
    where distances.account_id is not null or versions.requested_capacity is not null
)

select * from final
