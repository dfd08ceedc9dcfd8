-- From when on a tier unit exists at a month-end, and its first purchase, by the identity of then.
with units as (select * from {{ ref('int_identity__account_units') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

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
        units.epoch_date,
        units.tier_unit_id,
        -- A document anywhere in a month is there at its month-end.
        min(coalesce(
            least(
                coalesce(created.created_on, documented.first_document_month),
                coalesce(documented.first_document_month, created.created_on)
            ),
            {{ beginning_of_time() }}
        )) as exists_from,
        min(documented.first_purchase_date) as first_purchase_date
    from units
    left join created on created.account_id = units.account_id
    left join documented on documented.account_id = units.account_id
    where not units.is_internal
    group by units.epoch_date, units.tier_unit_id
)

select * from final
