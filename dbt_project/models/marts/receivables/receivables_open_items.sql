with items as (
    select * from {{ ref('int_receivables__items_by_day') }}
    where kind = 'invoice' and as_of_date = {{ as_of_date() }}
),

versions as (
    select * from {{ ref('stg_crm__account_versions') }}
    where valid_from <= {{ as_of_date() }} and valid_to > {{ as_of_date() }}
),

promises as (
    select
        invoice_id,
        max(promised_date) as promised_date,
        max(case when is_broken then 1 else 0 end) = 1 as is_promise_broken
    from {{ ref('int_receivables__promises') }}
    group by invoice_id
),

final as (
    select
        items.as_of_date,
        items.document_id as invoice_id,
        items.account_id,
        versions.owner_user_id,
        versions.channel,
        items.document_date as invoice_date,
        items.effective_due_date,
        items.is_due_date_imputed,
        items.past_due_days,
        items.bucket,
        items.age_days,
        items.age_bucket,
        items.currency_code as document_currency_code,
        items.open_document_amount,
        items.open_amount,
        items.open_booked_amount,
        items.disputed_amount,
        promises.promised_date,
        coalesce(promises.is_promise_broken, false) as is_promise_broken
    from items
    inner join versions on versions.account_id = items.account_id
    left join promises on promises.invoice_id = items.document_id
)

select * from final
