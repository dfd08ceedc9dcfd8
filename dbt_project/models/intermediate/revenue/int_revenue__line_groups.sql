-- The one model that touches the lines: everything else is built from its rows. One row per
-- account, product family, month, whether the lines can be split into price and quantity, and
-- whether they lie in the twelve months to D (that cuts one month in two when D is inside a month).
with lines as (select * from {{ ref('stg_erp__invoice_lines') }}),

documents as (select * from {{ ref('int_revenue__documents') }}),

products as (select * from {{ ref('stg_erp__products') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

-- Each line at the rate of its document, rounded to cents.
in_base as (
    select
        documents.account_id,
        coalesce(products.product_family, 'unknown') as product_family,
        documents.month_start,
        documents.invoice_date,
        documents.document_type,
        documents.invoice_date > bounds.year_start as is_in_year_to_d,
        products.product_family is not null and lines.quantity is not null as is_splittable,
        lines.quantity,
        {{ at_rate('lines.net_amount', 'documents.booking_rate') }} as net_amount,
        {{ at_rate('lines.list_amount', 'documents.booking_rate') }} as list_amount,
        {{ at_rate('lines.cogs_amount', 'documents.booking_rate') }} as cost_amount
    from lines
    inner join documents on documents.invoice_id = lines.invoice_id
    cross join bounds
    left join products on products.product_id = lines.product_id
),

final as (
    select
        account_id,
        product_family,
        month_start,
        is_splittable,
        is_in_year_to_d,
        count(*) as lines_count,
        cast(coalesce(sum(quantity), 0) as decimal(18,4)) as quantity,
        {{ money_sum('net_amount') }} as net_amount,
        {{ money_sum('abs(net_amount)') }} as absolute_net_amount,
        {{ money_sum('list_amount') }} as list_amount,
        {{ money_sum('case when list_amount is null then abs(net_amount) end') }}
            as unlisted_net_amount,
        {{ money_sum('cost_amount') }} as cost_amount,
        {{ money_sum('case when cost_amount is not null then net_amount end') }}
            as costed_net_amount,
        {{ money_sum('case when cost_amount is not null then abs(net_amount) end') }}
            as absolute_costed_net_amount,
        max(case when document_type = 'invoice' and net_amount > 0 then invoice_date end)
            as last_sold_date
    from in_base
    group by account_id, product_family, month_start, is_splittable, is_in_year_to_d
)

select * from final
