-- The rate of each currency and day that a document or a balance needs: the newest one up to the
-- day, at most max_rate_age_days old (ruling 16). The base currency has rate 1.
with rates as (select * from {{ ref('stg_erp__exchange_rates') }}),

invoices as (select * from {{ ref('stg_erp__invoices') }}),

payments as (select * from {{ ref('stg_erp__payments') }}),

applications as (select * from {{ ref('stg_erp__payment_applications') }}),

orders as (select * from {{ ref('stg_erp__orders') }}),

days as (select * from {{ ref('int_calendar__days') }}),

currencies as (
    select currency_code from invoices
    union
    select currency_code from payments
),

-- Only an application across currencies needs the rates of its day (ruling 17).
applied as (
    select
        applications.applied_date,
        invoices.currency_code as invoice_currency_code,
        payments.currency_code as payment_currency_code
    from applications
    inner join payments on payments.payment_id = applications.source_document_id
    inner join invoices on invoices.invoice_id = applications.invoice_id
    where applications.application_type = 'payment'
        and payments.currency_code <> invoices.currency_code
),

cross_currency as (
    select invoice_currency_code as currency_code, applied_date from applied
    union
    select payment_currency_code as currency_code, applied_date from applied
),

needed as (
    select currency_code, invoice_date as rate_day from invoices
    union
    select currency_code, received_date as rate_day from payments
    union
    select currency_code, applied_date as rate_day from cross_currency
    union
    select currency_code, order_date as rate_day from orders
    union
    select currencies.currency_code, days.as_of_date as rate_day
    from currencies
    cross join days
),

ranked as (
    select
        needed.currency_code,
        needed.rate_day,
        rates.rate_to_base,
        row_number() over (
            partition by needed.currency_code, needed.rate_day order by rates.rate_date desc
        ) as rank_from_newest
    from needed
    inner join rates
        on rates.currency_code = needed.currency_code
        and rates.rate_date <= needed.rate_day
        and rates.rate_date >= {{ add_days('needed.rate_day', '-' ~ var('max_rate_age_days')) }}
    where needed.currency_code <> '{{ var("base_currency") }}'
),

final as (
    select currency_code, rate_day, rate_to_base from ranked
    where rank_from_newest = 1
    union all
    select
        currency_code,
        rate_day,
        cast(1 as decimal(18,8)) as rate_to_base
    from needed
    where currency_code = '{{ var("base_currency") }}'
)

select * from final
