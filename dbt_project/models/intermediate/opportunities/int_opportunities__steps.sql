-- The steps of each purchase by the day on which each was first entered: what the source dates, and
-- 7 from the order and 8 from the delivery that followed. A step is over when a later one was entered,
-- or up to 6 the opportunity was won; 8, the last one, when the customer came back with a case.
with opportunities as (select * from {{ ref('int_opportunities__external') }}),

stages as (select * from {{ ref('stg_crm__opportunity_stages') }}),

fulfilments as (select * from {{ ref('int_opportunities__fulfilments') }}),

dated as (
    select opportunity_id, buying_stage, entered_on from stages
    union all
    select opportunity_id, 7 as buying_stage, ordered_on as entered_on from fulfilments
    union all
    select opportunity_id, 8 as buying_stage, delivered_on as entered_on from fulfilments
    where delivered_on is not null
),

entered as (
    select
        opportunity_id,
        buying_stage,
        min(entered_on) as entered_on
    from dated
    group by opportunity_id, buying_stage
),

followed as (
    select
        entered.opportunity_id,
        opportunities.account_id,
        entered.buying_stage,
        entered.entered_on,
        min(entered.entered_on) over (
            partition by entered.opportunity_id order by entered.buying_stage desc
            rows between unbounded preceding and 1 preceding
        ) as later_on,
        case
            when opportunities.outcome = 'won' and entered.buying_stage <= 6
                then opportunities.closed_on
        end as won_on,
        case when entered.buying_stage = 8 then fulfilments.feedback_on end as feedback_on,
        case when opportunities.outcome = 'lost' then opportunities.closed_on end as lost_on
    from entered
    inner join opportunities on opportunities.opportunity_id = entered.opportunity_id
    left join fulfilments on fulfilments.opportunity_id = entered.opportunity_id
),

final as (
    select
        opportunity_id,
        account_id,
        cast(buying_stage as bigint) as buying_stage,
        entered_on,
        greatest(
            least(
                coalesce(later_on, won_on, feedback_on),
                coalesce(won_on, feedback_on, later_on),
                coalesce(feedback_on, later_on, won_on)
            ),
            case when coalesce(later_on, won_on, feedback_on) is not null then entered_on end
        ) as moved_on,
        case when lost_on is not null then greatest(lost_on, entered_on) end as lost_on
    from followed
)

select * from final
