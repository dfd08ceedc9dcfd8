-- What followed a won opportunity: its first order, the day on which all of the orders of that day
-- were delivered, and the first service case of the account from then on. Its orders are those that
-- name it, from its opening on, and those of the account that name none, from the win on; none counts
-- before the win. A win without a day has no place in time and is left out.
with opportunities as (
    select * from {{ ref('stg_crm__opportunities') }} where is_won and closed_on is not null
),

orders as (select * from {{ ref('stg_erp__orders') }} where status <> 'cancelled'),

lines as (
    select * from {{ ref('stg_erp__order_lines') }} where not is_return and net_amount >= 0
),

cases as (select * from {{ ref('stg_crm__service_cases') }}),

rules as ({{ dated_config('purchase_rules') }}),

deliveries as (
    select
        order_id,
        count(*) as lines_count,
        sum(case when delivered_date <= {{ as_of_date() }} then 1 else 0 end) as delivered_count,
        max(delivered_date) as delivered_on
    from lines
    group by order_id
),

order_days as (
    select
        orders.account_id,
        orders.opportunity_id,
        orders.order_date,
        case
            when sum(deliveries.lines_count) = sum(deliveries.delivered_count)
                then max(deliveries.delivered_on)
        end as delivered_on
    from orders
    left join deliveries on deliveries.order_id = orders.order_id
    group by orders.account_id, orders.opportunity_id, orders.order_date
),

-- Orders that name it may be of several accounts.
named_days as (
    select
        opportunities.opportunity_id,
        order_days.order_date,
        case when count(*) = count(order_days.delivered_on) then max(order_days.delivered_on) end
            as delivered_on
    from opportunities
    inner join order_days
        on order_days.opportunity_id = opportunities.opportunity_id
        and order_days.order_date >= opportunities.opened_on
    group by opportunities.opportunity_id, order_days.order_date
),

named as (
    select
        opportunity_id,
        min(order_date) as order_date
    from named_days
    group by opportunity_id
),

-- Seen backwards, the least of the days so far is the next one.
moments as (
    select
        opportunity_id,
        account_id,
        closed_on as day,
        cast(null as date) as order_date
    from opportunities
    union all
    select
        cast(null as {{ text_type() }}) as opportunity_id,
        account_id,
        order_date as day,
        order_date
    from order_days
    where opportunity_id is null
),

following as (
    select
        opportunity_id,
        day as won_on,
        min(order_date) over (partition by account_id order by day desc) as order_date
    from moments
),

unnamed as (
    select
        following.opportunity_id,
        following.order_date
    from following
    inner join rules
        on rules.valid_from <= following.won_on and rules.valid_until > following.won_on
    where following.opportunity_id is not null
        and following.order_date <= {{ add_months('following.won_on', 'rules.opportunity_months') }}
),

dated as (
    select
        opportunities.opportunity_id,
        opportunities.account_id,
        greatest(coalesce(named_days.order_date, unnamed.order_date), opportunities.closed_on)
            as ordered_on,
        case
            when named_days.order_date is not null then named_days.delivered_on
            when unnamed.order_date is not null then of_account.delivered_on
        end as delivered_on
    from opportunities
    left join named on named.opportunity_id = opportunities.opportunity_id
    left join unnamed on unnamed.opportunity_id = opportunities.opportunity_id
    left join named_days
        on named_days.opportunity_id = named.opportunity_id
        and named_days.order_date = named.order_date
        and named.order_date <= coalesce(unnamed.order_date, named.order_date)
    left join order_days as of_account
        on of_account.account_id = opportunities.account_id
        and of_account.order_date = unnamed.order_date
        and of_account.opportunity_id is null
    where coalesce(named.order_date, unnamed.order_date) is not null
),

delivered as (
    select
        opportunity_id,
        account_id,
        ordered_on,
        case when delivered_on is not null then greatest(delivered_on, ordered_on) end
            as delivered_on
    from dated
),

asked as (
    select
        opportunity_id,
        account_id,
        delivered_on as day,
        cast(null as date) as case_date
    from delivered
    where delivered_on is not null
    union all
    select
        cast(null as {{ text_type() }}) as opportunity_id,
        account_id,
        opened_on as day,
        opened_on as case_date
    from cases
),

answered as (
    select
        opportunity_id,
        min(case_date) over (partition by account_id order by day desc) as feedback_on
    from asked
),

final as (
    select
        delivered.opportunity_id,
        delivered.ordered_on,
        delivered.delivered_on,
        answered.feedback_on
    from delivered
    left join answered on answered.opportunity_id = delivered.opportunity_id
)

select * from final
