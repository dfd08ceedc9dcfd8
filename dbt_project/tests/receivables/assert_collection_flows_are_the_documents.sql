-- What all accounts bought on credit in a period is what the documents of its days say, and what
-- they paid in the twelve months to D what the applications say that still stand.
-- Red by a credit note that counts in no month.
with metrics as (
    select
        as_of_date,
        is_latest,
        min(period_from) as period_from,
        sum(credit_sales_amount) as credit_sales_amount,
        sum(applied_amount) as applied_amount
    from {{ ref('collection_metrics') }}
    where scope_type = 'account'
    group by as_of_date, is_latest
),

cash_sales as (
    select invoice_id from {{ ref('int_receivables__invoices') }}
    where is_cash_sale
),

daily as (
    select
        documents.invoice_date,
        sum({{ at_rate('documents.gross_amount', 'documents.booking_rate') }}) as amount
    from {{ ref('int_revenue__documents') }} as documents
    left join cash_sales on cash_sales.invoice_id = documents.invoice_id
    where cash_sales.invoice_id is null
    group by documents.invoice_date
),

billed as (
    select
        metrics.as_of_date,
        coalesce(sum(daily.amount), 0) as amount
    from metrics
    left join daily
        on daily.invoice_date >= metrics.period_from and daily.invoice_date <= metrics.as_of_date
    group by metrics.as_of_date
),

paid as (
    select coalesce(sum(applications.booked_amount), 0) as amount
    from {{ ref('int_receivables__cash_applications') }} as applications
    inner join {{ ref('int_calendar__bounds') }} as bounds
        on applications.effective_date > bounds.year_start
        and applications.reversed_on > bounds.as_of_date
)

select
    metrics.as_of_date,
    metrics.credit_sales_amount,
    billed.amount as billed_amount,
    metrics.applied_amount,
    paid.amount as paid_amount
from metrics
left join billed on billed.as_of_date = metrics.as_of_date
cross join paid
where (
    metrics.credit_sales_amount = billed.amount
    and (metrics.applied_amount = paid.amount or not metrics.is_latest)
) is not true
