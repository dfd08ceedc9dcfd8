-- The silences in which a customer was given up as churned, each from its first such day on. When
-- the pool of its channel widened, it may have been at risk again later; it is one loss all the same.
with spells as (
    select * from {{ ref('int_retention__spells') }} where lifecycle_state = 'churned'
),

numbered as (
    select
        spells.*,
        row_number() over (
            partition by customer_key, members_from, last_purchase_date order by from_date
        ) as place
    from spells
),

final as (
    select
        customer_key,
        members_from,
        last_purchase_date,
        from_date as churned_date,
        came_back_date,
        basis
    from numbered
    where place = 1
)

select * from final
