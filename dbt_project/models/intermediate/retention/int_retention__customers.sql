-- Customers by the identity of each epoch, with their first purchase and whether the start of the
-- data hides an earlier one (ruling 14).
with units as (select * from {{ ref('int_identity__account_units') }}),

account_months as (select * from {{ ref('int_revenue__account_months') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

bought as (
    select
        account_id,
        min(first_purchase_date) as first_purchase_date
    from account_months
    group by account_id
),

created as (
    select
        account_id,
        min(created_on) as created_on
    from versions
    group by account_id
),

customers as (
    select
        units.epoch_date,
        units.customer_key,
        min(units.tier_unit_id) as tier_unit_id,
        min(bought.first_purchase_date) as first_purchase_date,
        min(created.created_on) as created_on
    from units
    left join bought on bought.account_id = units.account_id
    left join created on created.account_id = units.account_id
    where not units.is_internal
    group by units.epoch_date, units.customer_key
),

final as (
    select
        customers.epoch_date,
        customers.customer_key,
        customers.tier_unit_id,
        customers.first_purchase_date,
        coalesce(
            customers.first_purchase_date <= {{ add_days('bounds.first_document_date', 60) }}
            or (
                customers.created_on < bounds.first_document_date
                and customers.first_purchase_date
                    < {{ add_months('bounds.first_document_date', 12) }}
            ), false
        ) as is_legacy
    from customers
    cross join bounds
)

select * from final
