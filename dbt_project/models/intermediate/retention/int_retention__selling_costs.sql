-- What visits and calls to each new or won-back customer cost in the closing window (requirement N6).
with movements as (
    select * from {{ ref('int_retention__movements') }} where movement in ('new', 'won_back')
),

months as (select * from {{ ref('int_calendar__month_ends') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

efforts as (
    select
        account_id,
        month_start,
        sum(selling_cost_amount) as selling_cost_amount
    from {{ ref('int_costs__efforts') }}
    where selling_cost_amount <> 0
    group by account_id, month_start
),

final as (
    select
        movements.month_end,
        movements.comparison,
        movements.measure,
        movements.customer_key,
        {{ money_sum('efforts.selling_cost_amount') }} as selling_cost_amount
    from movements
    inner join months on months.month_end = movements.month_end
    inner join units
        on units.epoch_date = months.epoch_date
        and units.customer_key = movements.customer_key
    inner join efforts
        on efforts.account_id = units.account_id
        and efforts.month_start >= movements.closing_from
        and efforts.month_start <= months.month_start
    where not units.is_internal
    group by
        movements.month_end, movements.comparison, movements.measure, movements.customer_key
)

select * from final
