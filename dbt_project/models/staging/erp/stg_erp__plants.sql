with landed as ({{ current_rows('erp_plants', ['plant_id']) }}),

final as (
    select
        plant_id,
        latitude,
        longitude,
        yearly_capacity
    from landed
)

select * from final
