-- I27: every completed line with something to pay has one type, and the amounts reconcile.
-- Red by a completed line without a type, or by a line of an order that was reversed in full.
with orders as (select * from {{ ref('stg_erp__orders') }} where status = 'completed'),

lines as (select * from {{ ref('stg_erp__order_lines') }} where not is_return and net_amount > 0),

rates as (select * from {{ ref('int_fx__rates') }}),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not is_internal
),

bills as (
    select
        documents.order_id,
        count(purchases.invoice_id) as purchases_count
    from {{ ref('int_revenue__documents') }} as documents
    left join {{ ref('int_revenue__purchases') }} as purchases
        on purchases.invoice_id = documents.invoice_id
    where documents.document_type = 'invoice'
    group by documents.order_id
),

completed as (
    select
        units.customer_key,
        count(*) as lines_count,
        sum({{ at_rate('lines.net_amount', 'rates.rate_to_base') }}) as net_amount
    from orders
    inner join lines on lines.order_id = orders.order_id
    inner join units on units.account_id = orders.account_id
    inner join rates
        on rates.currency_code = orders.currency_code and rates.rate_day = orders.order_date
    left join bills on bills.order_id = orders.order_id
    where coalesce(bills.purchases_count, 1) > 0
    group by units.customer_key
),

typed as (
    select
        customer_key,
        count(*) as lines_count,
        sum(net_amount) as net_amount
    from {{ ref('purchase_types') }}
    group by customer_key
)

select completed.customer_key, typed.customer_key as typed_key
from completed
full outer join typed on typed.customer_key = completed.customer_key
where (
    typed.lines_count = completed.lines_count and typed.net_amount = completed.net_amount
) is not true
