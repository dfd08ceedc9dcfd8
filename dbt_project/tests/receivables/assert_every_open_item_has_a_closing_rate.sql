-- Ruling 16: a missing closing rate stops the run, it is never 1.0.
-- Red by an open invoice in USD at a month-end without a rate in the ten days before.
select
    as_of_date,
    currency_code,
    min(document_id) as first_document_id,
    count(*) as items_count
from {{ ref('int_receivables__items_by_day') }}
where (open_amount is not null) is not true
group by as_of_date, currency_code
