with invoices as (select * from {{ ref('stg_erp__invoices') }} where voided_on is null),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

-- The first document: the earliest posted one of an account that was not internal then (ruling 4).
first_document as (
    select min(invoices.invoice_date) as first_document_date
    from invoices
    inner join versions
        on versions.account_id = invoices.account_id
        and versions.valid_from <= invoices.invoice_date
        and versions.valid_to > invoices.invoice_date
    where not versions.is_internal
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        first_document_date,
        case
            when last_day({{ as_of_date() }}) = {{ as_of_date() }} then {{ as_of_date() }}
            else {{ add_days(month_start(as_of_date()), -1) }}
        end as last_month_end,
        -- The twelve months to D: complete months at a month-end, else (D - 12 months, D] (ruling 3).
        case
            when last_day({{ as_of_date() }}) = {{ as_of_date() }}
                then last_day({{ add_months(as_of_date(), -12) }})
            else {{ add_months(as_of_date(), -12) }}
        end as year_start
    from first_document
)

select * from final
