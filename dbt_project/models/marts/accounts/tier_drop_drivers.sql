with events as (
    select * from {{ ref('tier_events') }}
    where event_type in ('drop', 'lapsed', 'watch') and profit_prior_amount is not null
),

drivers as (select * from {{ ref('int_tiers__drivers') }}),

final as (
    select
        events.event_key,
        events.tier_unit_id,
        events.effective_date,
        drivers.driver,
        drivers.driver_amount,
        cast(case when drivers.driver_amount < 0 then
            rank() over (
                partition by events.event_key
                order by case when drivers.driver_amount < 0 then drivers.driver_amount else 0 end
            )
        end as bigint) as negative_rank,
        drivers.is_list_price_imputed
    from events
    inner join drivers
        on drivers.effective_date = events.effective_date
        and drivers.tier_unit_id = events.tier_unit_id
)

select * from final
