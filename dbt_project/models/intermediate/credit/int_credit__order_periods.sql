-- What an order adds to the exposure, as periods [valid_from, valid_to) of one amount, with tax where
-- all of its lines say theirs (is_taxed), else without, at the rate of the order date: `open` is not delivered yet, `shipped` is delivered and not on the
-- order's invoices. Orders have today's status only: a cancelled one never counts, and what a
-- completed one left undelivered ends with the delivery of its line. A line of a completed order
-- without a day of delivery has no place in time and is left out, as are returns.
with orders as (
    select * from {{ ref('stg_erp__orders') }} where status in ('open', 'completed')
),

lines as (
    select * from {{ ref('stg_erp__order_lines') }} where not is_return and net_amount > 0
),

documents as (
    select * from {{ ref('int_receivables__documents') }}
    where document_type = 'invoice' and order_id is not null
),

invoice_lines as (select * from {{ ref('stg_erp__invoice_lines') }}),

rates as (select * from {{ ref('int_fx__rates') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

rules as ({{ dated_rows('credit_rules') }}),

taxed as (
    select
        order_id,
        min(case when gross_amount >= net_amount then 1 else 0 end) = 1 as is_taxed
    from lines
    group by order_id
),

amounts as (
    select
        lines.*,
        case when taxed.is_taxed then lines.gross_amount when not taxed.is_taxed
            then lines.net_amount end as amount
    from lines
    inner join taxed on taxed.order_id = lines.order_id
),

delivered as (
    select
        orders.order_id,
        orders.order_date,
        orders.status,
        lines.amount,
        case
            when lines.delivered_date <= bounds.as_of_date
                then greatest(lines.delivered_date, orders.order_date)
        end as delivered_on,
        lines.delivered_date is null as is_undated,
        {{ delivered_part('lines.amount', 'lines.delivered_quantity', 'lines.quantity') }}
            as delivered_amount
    from orders
    inner join amounts as lines on lines.order_id = orders.order_id
    cross join bounds
),

invoice_nets as (
    select
        documents.invoice_id,
        documents.order_id,
        documents.invoice_date,
        documents.voided_on,
        documents.currency_code,
        documents.booking_rate,
        documents.gross_amount,
        sum(invoice_lines.net_amount) as net_amount
    from documents
    inner join invoice_lines on invoice_lines.invoice_id = documents.invoice_id
    group by
        documents.invoice_id, documents.order_id, documents.invoice_date, documents.voided_on,
        documents.currency_code, documents.booking_rate, documents.gross_amount
),

-- An order that is known with tax is set against what its invoices say with tax.
invoiced as (
    select
        invoice_nets.*,
        case when taxed.is_taxed then invoice_nets.gross_amount
            when taxed.is_taxed is not true then invoice_nets.net_amount end as amount
    from invoice_nets
    left join taxed on taxed.order_id = invoice_nets.order_id
),

-- Amounts in the currency of the order; an invoice in another one is set against it in base.
moves as (
    select
        order_id,
        order_date as day,
        amount as open_amount,
        0 as shipped_amount,
        0 as invoiced_base_amount,
        cast(null as date) as delivered_on
    from delivered
    where not is_undated or status = 'open'
    union all
    select
        order_id,
        delivered_on as day,
        case status
            when 'completed' then -amount
            when 'open' then -delivered_amount
        end as open_amount,
        delivered_amount as shipped_amount,
        0 as invoiced_base_amount,
        case when delivered_amount > 0 then delivered_on end as delivered_on
    from delivered
    where delivered_on is not null
    union all
    {%- for day, sign in [('invoice_date', ''), ('voided_on', '-')] %}
    select
        orders.order_id,
        invoiced.{{ day }} as day,
        0 as open_amount,
        case when invoiced.currency_code = orders.currency_code
            then {{ '-' if not sign }}invoiced.amount else 0 end as shipped_amount,
        case when invoiced.currency_code = orders.currency_code then 0 else
            {{ sign }}{{ at_rate('invoiced.amount', 'invoiced.booking_rate') }} end
            as invoiced_base_amount,
        cast(null as date) as delivered_on
    from invoiced
    inner join orders on orders.order_id = invoiced.order_id
    {%- if sign %}
    where invoiced.voided_on <= {{ as_of_date() }}
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

by_day as (
    select
        order_id,
        day,
        sum(open_amount) as open_amount,
        sum(shipped_amount) as shipped_amount,
        sum(invoiced_base_amount) as invoiced_base_amount,
        max(delivered_on) as delivered_on
    from moves
    group by order_id, day
),

cumulated as (
    select
        order_id,
        day as valid_from,
        coalesce(
            lead(day) over (partition by order_id order by day), {{ end_of_time() }}
        ) as valid_to,
        cast(sum(open_amount) over so_far as decimal(18,2)) as open_amount,
        cast(sum(shipped_amount) over so_far as decimal(18,2)) as shipped_amount,
        cast(sum(invoiced_base_amount) over so_far as decimal(18,2)) as invoiced_base_amount,
        max(delivered_on) over so_far as last_delivered_on
    from by_day
    window so_far as (
        partition by order_id order by day rows between unbounded preceding and current row
    )
),

in_base as (
    select
        cumulated.order_id,
        orders.account_id,
        cumulated.valid_from,
        cumulated.valid_to,
        cumulated.last_delivered_on,
        coalesce(taxed.is_taxed, false) as is_taxed,
        {{ at_rate('cumulated.open_amount', 'rates.rate_to_base') }} as open_amount,
        cast({{ at_rate('cumulated.shipped_amount', 'rates.rate_to_base') }}
            - cumulated.invoiced_base_amount as decimal(18,2)) as shipped_amount
    from cumulated
    inner join orders on orders.order_id = cumulated.order_id
    inner join rates
        on rates.currency_code = orders.currency_code and rates.rate_day = orders.order_date
    left join taxed on taxed.order_id = cumulated.order_id
),

-- A delivery without an invoice for longer than the rule says was billed without naming its order.
final as (
    select
        order_id,
        'open' as order_part,
        valid_from,
        valid_to,
        account_id,
        is_taxed,
        open_amount as order_amount
    from in_base
    where open_amount > 0
    union all
    select
        in_base.order_id,
        'shipped' as order_part,
        in_base.valid_from,
        least(
            in_base.valid_to,
            {{ add_days('in_base.last_delivered_on', 'rules.shipped_not_invoiced_days + 1') }}
        ) as valid_to,
        in_base.account_id,
        in_base.is_taxed,
        in_base.shipped_amount as order_amount
    from in_base
    inner join rules
        on rules.valid_from <= in_base.last_delivered_on
        and rules.valid_until > in_base.last_delivered_on
    where in_base.shipped_amount > 0
        and {{ add_days('in_base.last_delivered_on', 'rules.shipped_not_invoiced_days + 1') }}
            > in_base.valid_from
)

select * from final
