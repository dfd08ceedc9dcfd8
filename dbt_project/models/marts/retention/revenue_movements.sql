with movements as (
    select * from {{ ref('int_retention__movements') }} where movement is not null
),

-- A customer is true new once: at the first month-end whose closing window holds its first book.
ranked as (
    select
        movements.*,
        row_number() over (
            partition by comparison, measure, customer_key, movement order by month_end
        ) as rank_of_movement
    from movements
),

final as (
    select
        month_end,
        comparison,
        measure,
        customer_key,
        opening_from,
        opening_to,
        closing_from,
        opening_amount,
        closing_amount,
        movement,
        movement_amount,
        credit_only_amount,
        tier,
        channel,
        owner_user_id,
        movement = 'new' and rank_of_movement = 1 as is_true_new,
        is_legacy,
        coalesce(movement = 'churn' and exit_type = 'voluntary_by_us', false) as is_voluntary_exit
    from ranked
)

select * from final
