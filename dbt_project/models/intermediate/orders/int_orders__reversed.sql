-- Orders that were billed and of which no invoice is a purchase: reversed in full (ruling 15).
with documents as (
    select * from {{ ref('int_revenue__documents') }}
    where document_type = 'invoice' and order_id is not null
),

purchases as (select * from {{ ref('int_revenue__purchases') }}),

final as (
    select documents.order_id
    from documents
    left join purchases on purchases.invoice_id = documents.invoice_id
    group by documents.order_id
    having count(purchases.invoice_id) = 0
)

select * from final
