-- Open items of every month-end, by days past due and by age, at the closing rate.
create table marts.receivables_aging as
with payments as (
    select
        payments.payment_id,
        payments.account_id,
        payments.received_date,
        coalesce(payments.currency_code, 'CNY') as currency_code,
        payments.amount,
        case
            when coalesce(payments.currency_code, 'CNY') = 'CNY' then cast(1 as decimal(18,8))
            else rates.rate_to_base
        end as rate
    from landing.erp_payments as payments
    asof left join landing.erp_exchange_rates as rates
        on rates.currency_code = payments.currency_code
        and rates.rate_date <= payments.received_date
    where payments.is_deleted is not true and payments.received_date <= date '{{ as_of_date }}'
),

-- An application counts from the day on which both of its documents are there.
applications as (
    select
        applications.invoice_id,
        applications.source_document_id,
        applications.amount,
        case
            when invoices.rate = 1 then applications.amount
            else cast(cast(applications.amount as decimal(38,2)) * invoices.rate as decimal(18,2))
        end as booked_amount,
        greatest(
            applications.applied_date, invoices.invoice_date,
            coalesce(payments.received_date, credits.invoice_date, invoices.invoice_date)
        ) as day,
        coalesce(payments.rate, credits.rate) as source_rate
    from landing.erp_payment_applications as applications
    join staging.receivable_documents as invoices
        on invoices.invoice_id = applications.invoice_id and invoices.document_type = 'invoice'
    left join payments
        on payments.payment_id = applications.source_document_id
        and applications.application_type = 'payment'
    left join staging.receivable_documents as credits
        on credits.invoice_id = applications.source_document_id
        and applications.application_type = 'credit_note'
    where applications.is_deleted is not true
        and applications.applied_date <= date '{{ as_of_date }}'
),

documents as (
    select
        'invoice' as kind, invoice_id as document_id, account_id, currency_code, rate,
        invoice_date as document_date, voided_on, gross_amount as amount, disputed_amount,
        coalesce(due_date, cast(invoice_date + cast(coalesce(payment_terms_days, 30) as integer)
            as date)) as due_date
    from staging.receivable_documents
    left join staging.accounts using (account_id)
    where document_type = 'invoice'
    union all
    select 'credit_note', invoice_id, account_id, currency_code, rate, invoice_date, voided_on,
        -gross_amount, 0, null
    from staging.receivable_documents
    where document_type = 'credit_note'
    union all
    select 'payment', payment_id, account_id, currency_code, rate, received_date, null, amount, 0,
        null
    from payments
),

moves as (
    select
        document_id, document_date as day, amount,
        case
            when rate = 1 then amount
            else cast(cast(amount as decimal(38,2)) * rate as decimal(18,2))
        end as booked_amount,
        cast(null as decimal(18,8)) as source_rate
    from documents
    union all
    select
        document_id, voided_on, -amount,
        -case
            when rate = 1 then amount
            else cast(cast(amount as decimal(38,2)) * rate as decimal(18,2))
        end,
        null
    from documents
    where voided_on <= date '{{ as_of_date }}'
    union all
    select invoice_id, day, -amount, -booked_amount, source_rate from applications
    union all
    select source_document_id, day, -amount, 0, null from applications
    where source_document_id is not null
),

-- What was left of a document at the end of a month holds until its next month with a move.
by_month as (
    select
        document_id,
        year(day) * 12 + month(day) as month_number,
        sum(amount) as amount,
        sum(booked_amount) as booked_amount,
        arg_max(source_rate, day) as source_rate
    from moves
    group by all
),

left_over as (
    select
        document_id,
        month_number as from_number,
        lead(month_number, 1, (select max(month_number) + 1 from staging.months))
            over by_document as to_number,
        sum(amount) over by_document as open_amount,
        sum(booked_amount) over by_document as booked_amount,
        source_rate
    from by_month
    window by_document as (partition by document_id order by month_number)
),

items as (
    select
        unnest(range(
            greatest(left_over.from_number, (select min(month_number) from staging.months)),
            left_over.to_number
        )) as month_number,
        if(left_over.open_amount < 0 and documents.kind = 'invoice', 'surplus', documents.kind)
            as kind,
        documents.account_id,
        documents.currency_code,
        documents.document_date,
        documents.due_date,
        documents.disputed_amount,
        case when left_over.open_amount < 0 and documents.kind = 'invoice'
            then -left_over.open_amount else left_over.open_amount end as open_amount,
        case
            when documents.kind = 'invoice' and left_over.open_amount > 0
                then left_over.booked_amount
            else cast(cast(abs(left_over.open_amount) as decimal(38,2))
                * coalesce(left_over.source_rate, documents.rate) as decimal(18,2))
                * if(documents.kind <> 'invoice' and left_over.open_amount < 0, -1, 1)
        end as booked_amount
    from left_over
    join documents using (document_id)
    where left_over.open_amount <> 0
),

closing_rates as (
    select months.month_end, currencies.currency_code, rates.rate_to_base
    from staging.months
    cross join (
        select distinct currency_code from landing.erp_exchange_rates
    ) as currencies
    asof join landing.erp_exchange_rates as rates
        on rates.currency_code = currencies.currency_code and rates.rate_date <= months.month_end
),

valued as (
    select
        months.month_end,
        items.kind,
        items.account_id,
        items.booked_amount,
        months.month_end - items.due_date as past_due_days,
        months.month_end - items.document_date as age_days,
        case
            when closing_rates.rate_to_base is null then items.open_amount
            else cast(cast(items.open_amount as decimal(38,2)) * closing_rates.rate_to_base
                as decimal(18,2))
        end as amount,
        case
            when closing_rates.rate_to_base is null
                then least(items.disputed_amount, items.open_amount)
            else cast(cast(least(items.disputed_amount, items.open_amount) as decimal(38,2))
                * closing_rates.rate_to_base as decimal(18,2))
        end as disputed_amount
    from items
    join staging.months using (month_number)
    left join closing_rates
        on closing_rates.month_end = months.month_end
        and closing_rates.currency_code = items.currency_code
),

sums as (
    select
        month_end,
        account_id,
        sum(amount) filter (where kind = 'invoice' and past_due_days <= 0) as current_amount,
        sum(amount) filter (where kind = 'invoice' and past_due_days between 1 and 30)
            as overdue_1_30_amount,
        sum(amount) filter (where kind = 'invoice' and past_due_days between 31 and 60)
            as overdue_31_60_amount,
        sum(amount) filter (where kind = 'invoice' and past_due_days between 61 and 90)
            as overdue_61_90_amount,
        sum(amount) filter (where kind = 'invoice' and past_due_days > 90) as overdue_90_plus_amount,
        sum(amount) filter (where kind = 'invoice' and age_days <= 30) as age_0_30_amount,
        sum(amount) filter (where kind = 'invoice' and age_days between 31 and 60)
            as age_31_60_amount,
        sum(amount) filter (where kind = 'invoice' and age_days between 61 and 90)
            as age_61_90_amount,
        sum(amount) filter (where kind = 'invoice' and age_days > 90) as age_90_plus_amount,
        sum(amount) filter (where kind = 'invoice') as gross_open_amount,
        sum(amount) filter (where kind in ('payment', 'surplus')) as unapplied_cash_amount,
        sum(amount) filter (where kind = 'credit_note') as unapplied_credit_amount,
        sum(if(kind = 'invoice', booked_amount, -booked_amount)) as booked_amount,
        sum(disputed_amount) filter (where kind = 'invoice') as disputed_amount,
        count(*) filter (where kind = 'invoice') as open_items_count
    from valued
    group by all
),

grid as (
    select months.month_end, firsts.account_id
    from (
        select account_id, min(document_date) as first_date from documents group by account_id
    ) as firsts
    join staging.months on months.month_end >= firsts.first_date
)

select
    grid.month_end as as_of_date,
    grid.account_id,
    coalesce(current_amount, 0) as current_amount,
    coalesce(overdue_1_30_amount, 0) as overdue_1_30_amount,
    coalesce(overdue_31_60_amount, 0) as overdue_31_60_amount,
    coalesce(overdue_61_90_amount, 0) as overdue_61_90_amount,
    coalesce(overdue_90_plus_amount, 0) as overdue_90_plus_amount,
    coalesce(age_0_30_amount, 0) as age_0_30_amount,
    coalesce(age_31_60_amount, 0) as age_31_60_amount,
    coalesce(age_61_90_amount, 0) as age_61_90_amount,
    coalesce(age_90_plus_amount, 0) as age_90_plus_amount,
    coalesce(gross_open_amount, 0) as gross_open_amount,
    coalesce(gross_open_amount, 0) - coalesce(current_amount, 0) as overdue_amount,
    coalesce(unapplied_cash_amount, 0) as unapplied_cash_amount,
    coalesce(unapplied_credit_amount, 0) as unapplied_credit_amount,
    coalesce(gross_open_amount, 0) - coalesce(unapplied_cash_amount, 0)
        - coalesce(unapplied_credit_amount, 0) as net_receivables_amount,
    coalesce(booked_amount, 0) as net_receivables_booked_amount,
    coalesce(disputed_amount, 0) as disputed_amount,
    coalesce(open_items_count, 0) as open_items_count,
    accounts.is_internal
from grid
join staging.accounts using (account_id)
left join sums on sums.month_end = grid.month_end and sums.account_id = grid.account_id;
