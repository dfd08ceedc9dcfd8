{{ config(materialized='view') }}
-- What was owed at some time: posted documents, and those that were void from a later day on.
with documents as (select * from {{ ref('int_revenue__documents') }}),

voided as (select * from {{ ref('stg_erp__invoices') }} where voided_on is not null),

rates as (select * from {{ ref('int_fx__rates') }}),

final as (
    {%- set columns = ['invoice_id', 'account_id', 'order_id', 'document_type', 'invoice_date',
        'due_date', 'currency_code', 'gross_amount', 'disputed_amount', 'is_cash_sale'] %}
    select
        {%- for column in columns %}
        documents.{{ column }},
        {%- endfor %}
        documents.booking_rate,
        cast(null as date) as voided_on
    from documents
    union all
    select
        {%- for column in columns %}
        voided.{{ column }},
        {%- endfor %}
        rates.rate_to_base as booking_rate,
        voided.voided_on
    from voided
    inner join rates
        on rates.currency_code = voided.currency_code and rates.rate_day = voided.invoice_date
)

select * from final
