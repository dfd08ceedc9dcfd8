-- The accounts of all stages have the revenue of all tier units; the grid has those with an order.
-- Red by a stage with revenue of nobody, or by a stage that is left out, or by an account that the
-- grid counts twice.
with profits as (select * from {{ ref('stage_profits') }}),

tiers as (
    select
        month_end,
        sum(ttm_net_revenue_amount) as tier_amount
    from {{ ref('account_tiers') }}
    {%- if not (is_present('erp_orders') and is_present('crm_activities')) %}
    where false
    {%- endif %}
    group by month_end
),

cells as (
    select
        month_end,
        evidenced_stage,
        sum(accounts_count) as accounts_count
    from {{ ref('relationship_matrix') }}
    group by month_end, evidenced_stage
),

stages as (
    select
        as_of_date as month_end,
        evidenced_stage,
        count(*) as accounts_count
    from {{ ref('relationship_stages') }}
    where is_month_end
    group by as_of_date, evidenced_stage
),

stage_sums as (
    select
        month_end,
        count(*) as stages_count,
        sum(ttm_net_revenue_amount) as stage_amount
    from profits
    group by month_end
)

select
    coalesce(tiers.month_end, stage_sums.month_end) as month_end,
    cast(null as bigint) as evidenced_stage,
    tiers.tier_amount as expected_value,
    stage_sums.stage_amount as found_value
from tiers
full join stage_sums on stage_sums.month_end = tiers.month_end
where tiers.tier_amount is distinct from stage_sums.stage_amount
    or stage_sums.stages_count is distinct from 6
union all
select
    cells.month_end,
    cells.evidenced_stage,
    coalesce(stages.accounts_count, 0) as expected_value,
    cells.accounts_count as found_value
from cells
left join stages
    on stages.month_end = cells.month_end and stages.evidenced_stage = cells.evidenced_stage
where cells.accounts_count is distinct from coalesce(stages.accounts_count, 0)
