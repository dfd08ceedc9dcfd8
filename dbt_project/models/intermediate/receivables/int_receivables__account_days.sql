-- The accounts that receivables speak of: each from its first document of any kind on, on every day
-- described. Empty when applications are not delivered at all (ruling 18).
with days as (select * from {{ ref('int_calendar__days') }}),

documents as (
    select * from {{ ref('int_receivables__documents') }}
    {%- if not is_present('erp_payment_applications') %} where false{% endif %}
),

payments as (
    select * from {{ ref('stg_erp__payments') }}
    {%- if not is_present('erp_payment_applications') %} where false{% endif %}
),

units as (select * from {{ ref('int_identity__account_units') }}),

first_documents as (
    select
        account_id,
        min(first_date) as first_date
    from (
        select account_id, invoice_date as first_date from documents
        union all
        select account_id, received_date as first_date from payments
    ) as all_documents
    group by account_id
),

final as (
    select
        days.as_of_date,
        days.is_month_end,
        days.is_latest,
        {{ month_number('days.as_of_date') }} as month_number,
        first_documents.account_id,
        units.tier_unit_id,
        units.is_internal
    from days
    inner join first_documents on first_documents.first_date <= days.as_of_date
    inner join units
        on units.epoch_date = days.epoch_date and units.account_id = first_documents.account_id
)

select * from final
