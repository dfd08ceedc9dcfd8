-- Ruling 16: a document without a rate is held back at the landing, so that none is lost here.
-- Red by a posted invoice in USD without a rate in the days before.
select invoices.invoice_id, invoices.currency_code, invoices.invoice_date
from {{ ref('stg_erp__invoices') }} as invoices
left join {{ ref('int_revenue__documents') }} as documents
    on documents.invoice_id = invoices.invoice_id
where documents.invoice_id is null and invoices.voided_on is null
