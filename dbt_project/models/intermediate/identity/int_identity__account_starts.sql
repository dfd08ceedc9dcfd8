-- From when on an account is there at a month-end, and its first purchase.
with versions as (select * from {{ ref('stg_crm__account_versions') }}),

account_months as (select * from {{ ref('int_revenue__account_months') }}),

created as (
    select
        account_id,
        min(created_on) as created_on
    from versions
    group by account_id
),

documented as (
    select
        account_id,
        min(month_start) as first_document_month,
        min(first_purchase_date) as first_purchase_date
    from account_months
    group by account_id
),

final as (
    select
        created.account_id,
        -- A document anywhere in a month is there at its month-end.
        coalesce(
            least(
                coalesce(created.created_on, documented.first_document_month),
                coalesce(documented.first_document_month, created.created_on)
            ),
            {{ beginning_of_time() }}
        ) as exists_from,
        documented.first_purchase_date
    from created
    left join documented on documented.account_id = created.account_id
)

select * from final
