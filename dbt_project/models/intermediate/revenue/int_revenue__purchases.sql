-- One row per purchase: a posted invoice with a positive net amount that was not reversed in full
-- (semantics, decision 9 and ruling 15).
with documents as (select * from {{ ref('int_revenue__documents') }}),

lines as (select * from {{ ref('stg_erp__invoice_lines') }}),

applications as (select * from {{ ref('stg_erp__payment_applications') }}),

net_of_invoice as (
    select
        invoice_id,
        sum(net_amount) as net_amount
    from lines
    group by invoice_id
),

applied_credit as (
    select
        invoice_id,
        sum(amount) as credit_amount
    from applications
    where application_type = 'credit_note'
    group by invoice_id
),

-- Credits that share an order reverse its invoices when they reach all that the order was billed.
orders as (
    select
        order_id,
        sum(case when document_type = 'invoice' then gross_amount else 0 end) as billed_amount,
        -sum(case when document_type = 'credit_note' then gross_amount else 0 end) as credit_amount
    from documents
    where order_id is not null
    group by order_id
),

final as (
    select
        documents.invoice_id,
        documents.account_id,
        documents.invoice_date as purchase_date,
        documents.month_start,
        {{ at_rate('net_of_invoice.net_amount', 'documents.booking_rate') }} as net_amount
    from documents
    inner join net_of_invoice on net_of_invoice.invoice_id = documents.invoice_id
    left join applied_credit on applied_credit.invoice_id = documents.invoice_id
    left join orders on orders.order_id = documents.order_id
    where documents.document_type = 'invoice'
        and net_of_invoice.net_amount > 0
        and not (
            coalesce(applied_credit.credit_amount, 0) > 0
            and applied_credit.credit_amount >= documents.gross_amount
        )
        and not (
            coalesce(orders.credit_amount, 0) > 0
            and orders.credit_amount >= orders.billed_amount
        )
)

select * from final
