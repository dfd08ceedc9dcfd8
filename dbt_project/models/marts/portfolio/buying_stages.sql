{%- set steps_known = is_present('crm_opportunity_stages') -%}
{%- set deliveries_known = is_present('erp_orders') and is_present('erp_order_lines') -%}
with months as (
    select * from {{ ref('int_calendar__month_ends') }}
    where is_tier_month and {{ is_present('crm_opportunities') }}
),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

steps as (select * from {{ ref('int_opportunities__steps') }}),

opportunities as (select * from {{ ref('int_opportunities__external') }}),

stages as (select * from {{ ref('stg_crm__opportunity_stages') }}),

grid as (
    {%- for stage in range(1, 9) %}
    {{ 'union all' if not loop.first }}
    select
        month_end,
        cast({{ stage }} as bigint) as buying_stage,
        {{ steps_known or (stage >= 7 and deliveries_known) }} as is_told
    from months
    {%- endfor %}
),

outcomes as (
    select
        months.month_end,
        steps.buying_stage,
        case
            when steps.moved_on <= months.month_end then 'moved_on'
            when steps.lost_on <= months.month_end then 'lost'
            when steps.entered_on <= months.month_end then 'open'
        end as step_outcome,
        case
            when steps.moved_on <= months.month_end
                then {{ days_between('steps.entered_on', 'steps.moved_on') }}
            when steps.lost_on <= months.month_end
                then {{ days_between('steps.entered_on', 'steps.lost_on') }}
        end as elapsed_days
    from steps
    inner join months
        on months.month_end >= steps.entered_on and months.window_from <= steps.entered_on
    inner join units
        on units.epoch_date = months.epoch_date and units.account_id = steps.account_id
),

flows as (
    select
        month_end,
        buying_stage,
        count(*) as entered_count,
        sum(case when step_outcome = 'moved_on' then 1 else 0 end) as moved_on_count,
        sum(case when step_outcome = 'lost' then 1 else 0 end) as lost_count,
        sum(case when step_outcome = 'open' then 1 else 0 end) as open_count,
        {{ median_of('elapsed_days') }} as median_days
    from outcomes
    group by month_end, buying_stage
),

first_steps as (
    select
        opportunity_id,
        min(entered_on) as entered_on
    from stages
    group by opportunity_id
),

opened as (
    select
        months.month_end,
        opportunities.entered_at_stage,
        case when opportunities.closed_on <= months.month_end then 1 else 0 end as closed_flag,
        case
            when opportunities.outcome = 'won' and opportunities.closed_on <= months.month_end
                then 1
            else 0
        end as won_flag,
        case when first_steps.entered_on <= months.month_end then 0 else 1 end as undated_flag
    from opportunities
    inner join months
        on months.month_end >= opportunities.opened_on
        and months.window_from <= opportunities.opened_on
    inner join units
        on units.epoch_date = months.epoch_date and units.account_id = opportunities.account_id
    left join first_steps on first_steps.opportunity_id = opportunities.opportunity_id
),

joined as (
    select
        month_end,
        entered_at_stage,
        count(*) as joined_count,
        sum(closed_flag) as closed_count,
        sum(won_flag) as won_count
    from opened
    group by month_end, entered_at_stage
),

undated as (
    select
        month_end,
        sum(undated_flag) as undated_count
    from opened
    group by month_end
),

final as (
    select
        grid.month_end,
        grid.buying_stage,
        {%- for count in ['entered', 'moved_on', 'lost', 'open'] %}
        cast(case when grid.is_told then coalesce(flows.{{ count }}_count, 0) end as bigint)
            as {{ count }}_count,
        {%- endfor %}
        case when grid.is_told then flows.median_days end as median_days,
        cast(coalesce(joined.joined_count, 0) as bigint) as joined_here_count,
        {{ ratio('joined.won_count', 'joined.closed_count') }} as joined_here_win_ratio,
        case when grid.is_told then {{ ratio('flows.lost_count', 'flows.entered_count') }} end
            as drop_off_ratio,
        cast(coalesce(undated.undated_count, 0) as bigint) as undated_opportunities_count
    from grid
    left join flows
        on flows.month_end = grid.month_end and flows.buying_stage = grid.buying_stage
    left join joined
        on joined.month_end = grid.month_end and joined.entered_at_stage = grid.buying_stage
    left join undated on undated.month_end = grid.month_end
)

select * from final
