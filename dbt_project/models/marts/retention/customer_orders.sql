with types as (select * from {{ ref('purchase_types') }}),

lines as (
    select * from {{ ref('int_orders__completed_lines') }} where not is_return
),

starts as (select * from {{ ref('int_orders__sales_starts') }}),

tiers as (select * from {{ ref('int_orders__tiers') }}),

stated as (select * from {{ ref('stg_erp__orders') }} where opportunity_id is not null),

opportunities as (select * from {{ ref('stg_crm__opportunities') }}),

-- The opportunity that an order names is its own, however it ended and whosever it is.
named as (
    select
        stated.order_id,
        opportunities.opened_on as opportunity_opened_on
    from stated
    inner join opportunities
        on opportunities.opportunity_id = stated.opportunity_id
        and opportunities.opened_on <= stated.order_date
),

orders as (
    select
        order_id,
        account_id,
        customer_key,
        order_date,
        max(case when purchase_type = 'first' then 1 else 0 end) as has_first,
        max(case when purchase_type = 'cross_sell' then 1 else 0 end) as has_cross_sell,
        max(case when purchase_type = 'repeat' then 1 else 0 end) as has_repeat,
        {{ money_sum('net_amount') }} as net_amount
    from types
    group by order_id, account_id, customer_key, order_date
),

deliveries as (
    select
        order_id,
        count(*) = count(delivered_on) as is_delivered,
        max(delivered_on) as last_delivered_on
    from lines
    group by order_id
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        orders.order_id,
        orders.account_id,
        orders.customer_key,
        orders.order_date,
        case
            when orders.has_first = 1 then 'first'
            when orders.has_cross_sell = 1 then 'cross_sell'
            when orders.has_repeat = 1 then 'repeat'
        end as purchase_type,
        orders.has_first + orders.has_cross_sell + orders.has_repeat > 1 as is_mixed,
        orders.net_amount,
        {{ days_between(
            'coalesce(named.opportunity_opened_on, starts.opportunity_opened_on, case when orders.has_first = 1'
            ~ ' then starts.first_contact_date end)', 'orders.order_date'
        ) }} as cycle_days,
        case
            when named.opportunity_opened_on is not null then 'named_opportunity'
            when starts.opportunity_opened_on is not null then 'opportunity'
            when orders.has_first = 1 and starts.first_contact_date is not null
                then 'first_contact'
            when orders.has_first = 0 or starts.first_contact_date is null then 'unknown'
        end as cycle_basis,
        case
            when deliveries.is_delivered
                then {{ days_between('orders.order_date', 'deliveries.last_delivered_on') }}
        end as order_to_delivery_days,
        deliveries.is_delivered,
        tiers.tier
    from orders
    inner join deliveries on deliveries.order_id = orders.order_id
    inner join starts
        on starts.account_id = orders.account_id and starts.order_date = orders.order_date
    left join named on named.order_id = orders.order_id
    left join tiers
        on tiers.account_id = orders.account_id and tiers.order_date = orders.order_date
)

select * from final
