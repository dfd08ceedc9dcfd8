-- I33, I35: all gates up to the stage are open and the next one is closed, by the rules of the day; 0 is
-- for those without an order.
-- Red by a stage with a closed gate below it, or by one with an open gate above it, or by a stage
-- without an order, or by an order without a stage.
with stages as (select * from {{ ref('relationship_stages') }}),

rules as ({{ dated_config('relationship_rules') }}),

first_orders as (select * from {{ ref('int_relationships__first_orders') }}),

gated as (
    select
        stages.as_of_date,
        stages.account_id,
        stages.evidenced_stage,
        coalesce(first_orders.first_order_date <= stages.as_of_date, false) as is_open_1,
        stages.customer_departments_count >= rules.second_stage_departments as is_open_2,
        stages.customer_departments_count >= rules.third_stage_departments
        and stages.own_departments_count >= rules.third_stage_own_departments
        and stages.has_exec_to_exec as is_open_3,
        stages.has_joint_evidence as is_open_4,
        stages.has_alliance_evidence as is_open_5
    from stages
    left join rules
        on rules.valid_from <= stages.as_of_date and rules.valid_until > stages.as_of_date
    left join first_orders on first_orders.account_id = stages.account_id
)

select * from gated
where (
    case
        when evidenced_stage = 0 then not is_open_1
        when evidenced_stage = 1 then is_open_1 and not is_open_2
        when evidenced_stage = 2 then is_open_1 and is_open_2 and not is_open_3
        when evidenced_stage = 3 then is_open_1 and is_open_2 and is_open_3 and not is_open_4
        when evidenced_stage = 4
            then is_open_1 and is_open_2 and is_open_3 and is_open_4 and not is_open_5
        when evidenced_stage = 5
            then is_open_1 and is_open_2 and is_open_3 and is_open_4 and is_open_5
    end
) is not true
