{{ config(materialized='view') }}

-- The activities that a person took part in: no mails to many, no logged openings.
with activities as (select * from {{ ref('stg_crm__activities') }}),

automatic as (select * from {{ ref('automatic_channels') }} where is_automatic),

final as (
    select activities.*
    from activities
    left join automatic on automatic.channel = lower(activities.channel)
    where automatic.channel is null
)

select * from final
