{{ config(materialized='view') }}

-- Each posted line at the rate of its document, rounded to cents. A rebate or a correction of a price
-- gives back no goods: it has no quantity and no list price, so all of it is discount. A view: the
-- models that group the lines read it, and only the columns they ask for.
with lines as (select * from {{ ref('stg_erp__invoice_lines') }}),

documents as (
    select
        *,
        coalesce(credit_reason in ('rebate', 'price_correction'), false) as is_rebate
    from {{ ref('int_revenue__documents') }}
),

products as (select * from {{ ref('stg_erp__products') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

final as (
    select
        lines.invoice_line_id,
        documents.account_id,
        products.product_id,
        coalesce(products.product_family, 'unknown') as product_family,
        coalesce(products.is_service, false) as is_service,
        documents.document_type,
        documents.invoice_date,
        documents.month_start,
        documents.invoice_date > bounds.year_start as is_in_year_to_d,
        products.product_family is not null
            and (documents.is_rebate or lines.quantity is not null) as is_splittable,
        case when documents.is_rebate then 0 when not documents.is_rebate then lines.quantity end
            as quantity,
        {{ at_rate('lines.net_amount', 'documents.booking_rate') }} as net_amount,
        case when documents.is_rebate then 0 when not documents.is_rebate then
            {{ at_rate('lines.list_amount', 'documents.booking_rate') }} end as list_amount,
        {{ at_rate('lines.cogs_amount', 'documents.booking_rate') }} as cost_amount
    from lines
    inner join documents on documents.invoice_id = lines.invoice_id
    cross join bounds
    left join products on products.product_id = lines.product_id
)

select * from final
