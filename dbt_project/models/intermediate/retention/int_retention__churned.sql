-- The losses of the customers of D, by the accounts that they consist of now, each up to its last
-- day: the one before the customer came back, or D.
with losses as (select * from {{ ref('int_retention__losses') }}),

current_members as (
    select
        customer_key,
        members_from
    from {{ ref('int_retention__lifecycle') }}
    where is_latest
),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

final as (
    select
        losses.customer_key,
        losses.churned_date,
        losses.last_purchase_date,
        losses.came_back_date,
        coalesce({{ add_days('losses.came_back_date', -1) }}, bounds.as_of_date) as lost_to_date,
        {{ add_months('losses.churned_date', -12) }} as signals_from,
        losses.members_from
    from losses
    inner join current_members
        on current_members.customer_key = losses.customer_key
        and current_members.members_from = losses.members_from
    cross join bounds
)

select * from final
