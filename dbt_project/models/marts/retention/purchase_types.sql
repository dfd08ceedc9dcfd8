with lines as (
    select * from {{ ref('int_orders__completed_lines') }} where not is_return
),

family_days as (select * from {{ ref('int_orders__family_days') }}),

rules as ({{ dated_config('purchase_rules') }}),

days as (
    select
        customer_key,
        order_date
    from lines
    group by customer_key, order_date
),

-- Orders of one date are one purchase: the order id never decides.
spaced as (
    select
        customer_key,
        order_date,
        {{ days_between(
            'lag(order_date) over (partition by customer_key order by order_date)', 'order_date'
        ) }} as since_previous_purchase_days
    from days
),

customer_days as (
    select
        spaced.customer_key,
        spaced.order_date,
        spaced.since_previous_purchase_days,
        coalesce(spaced.since_previous_purchase_days > rules.won_back_gap_days, false)
            as is_won_back
    from spaced
    inner join rules
        on rules.valid_from <= spaced.order_date and rules.valid_until > spaced.order_date
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        lines.order_line_id,
        lines.order_id,
        lines.account_id,
        lines.customer_key,
        lines.order_date,
        lines.product_family,
        lines.net_amount,
        case
            when customer_days.since_previous_purchase_days is null then 'first'
            when family_days.purchase_number = 1 then 'cross_sell'
            when family_days.purchase_number > 1 then 'repeat'
        end as purchase_type,
        customer_days.since_previous_purchase_days,
        customer_days.is_won_back,
        family_days.unit_price_change_ratio,
        family_days.return_change_ratio,
        family_days.otif_change_ratio
    from lines
    inner join customer_days
        on customer_days.customer_key = lines.customer_key
        and customer_days.order_date = lines.order_date
    inner join family_days
        on family_days.customer_key = lines.customer_key
        and family_days.product_family = lines.product_family
        and family_days.order_date = lines.order_date
)

select * from final
