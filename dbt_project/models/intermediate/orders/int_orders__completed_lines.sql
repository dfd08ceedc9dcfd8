-- Each line of a completed order that was a purchase or gave something back, in base currency at the
-- rate of the order date, under the customer of D. A line without anything to pay is neither. Nor is
-- an order that was billed and of which no invoice is a purchase, so one reversed in full (ruling 15).
with orders as (select * from {{ ref('stg_erp__orders') }} where status = 'completed'),

lines as (select * from {{ ref('stg_erp__order_lines') }} where net_amount <> 0),

products as (select * from {{ ref('stg_erp__products') }}),

rates as (select * from {{ ref('int_fx__rates') }}),

reversed as (select * from {{ ref('int_orders__reversed') }}),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not is_internal
),

rules as (
    select * from ({{ dated_config('purchase_rules') }}) as every_rule
    where valid_from <= {{ as_of_date() }} and valid_until > {{ as_of_date() }}
),

kinds as (
    select
        lines.*,
        is_return or net_amount < 0 as is_given_back,
        promised_date <= {{ as_of_date() }} or (
            promised_date is not null and delivered_date <= {{ as_of_date() }}
        ) as is_promise_due
    from lines
),

final as (
    select
        kinds.order_line_id,
        orders.order_id,
        orders.account_id,
        units.customer_key,
        orders.order_date,
        coalesce(
            case rules.product_level
                when 'family' then products.product_family
                when 'category' then products.product_category
            end, 'unknown'
        ) as product_family,
        kinds.is_given_back as is_return,
        kinds.quantity,
        {{ at_rate('kinds.net_amount', 'rates.rate_to_base') }} as net_amount,
        coalesce(kinds.is_promise_due, false) as is_due,
        coalesce(
            kinds.is_promise_due
            and kinds.delivered_date <= kinds.promised_date
            and (kinds.delivered_quantity is null or kinds.delivered_quantity >= kinds.quantity),
            false
        ) as is_on_time_in_full,
        case
            when kinds.delivered_date <= {{ as_of_date() }}
                then greatest(kinds.delivered_date, orders.order_date)
        end as delivered_on
    from orders
    inner join kinds on kinds.order_id = orders.order_id
    inner join units on units.account_id = orders.account_id
    inner join rates
        on rates.currency_code = orders.currency_code and rates.rate_day = orders.order_date
    cross join rules
    left join products on products.product_id = kinds.product_id
    left join reversed on reversed.order_id = orders.order_id
    where reversed.order_id is null
)

select * from final
