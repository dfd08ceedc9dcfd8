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

documents as (
    select
        all_documents.*,
        {{ at_rate('all_documents.gross_amount', 'all_documents.booking_rate') }} as amount
    from {{ ref('int_receivables__documents') }} as all_documents
    left join cash_sales on cash_sales.invoice_id = all_documents.invoice_id
    where cash_sales.invoice_id is null
),

daily as (
    select
        flow_date,
        sum(amount) as amount
    from (
        select invoice_date as flow_date, amount from documents
        union all
        select voided_on as flow_date, -amount as amount from documents
        where voided_on is not null
    ) as flows
    group by flow_date
),

billed as (
    select
        metrics.as_of_date,
        coalesce(sum(daily.amount), 0) as amount
    from metrics
    left join daily
        on daily.flow_date >= metrics.period_from and daily.flow_date <= metrics.as_of_date
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
