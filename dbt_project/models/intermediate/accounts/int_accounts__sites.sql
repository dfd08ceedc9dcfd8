-- The golden records of each group, or of a record below its top, and how many of them bought in the
-- twelve months to D. What was billed to a merged record was bought by its survivor.
with versions as (
    select * from {{ ref('stg_crm__account_versions') }}
    where valid_from <= {{ as_of_date() }} and valid_to > {{ as_of_date() }}
),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
),

daily as (select * from {{ ref('int_revenue__account_days') }}),

site_purchases as (
    select
        units.tier_unit_id,
        units.customer_key,
        max(case when daily.has_purchase then 1 else 0 end) as purchase_flag
    from units
    left join daily on daily.account_id = units.account_id
    group by units.tier_unit_id, units.customer_key
),

-- Below the top a record stands for itself and its direct children.
below as (
    select
        customer_key as parent_id,
        purchase_flag
    from site_purchases
    union all
    select
        versions.parent_account_id as parent_id,
        site_purchases.purchase_flag
    from site_purchases
    inner join versions on versions.account_id = site_purchases.customer_key
    where versions.parent_account_id is not null
),

counted as (
    select
        tier_unit_id as account_id,
        purchase_flag
    from site_purchases
    union all
    select
        below.parent_id as account_id,
        below.purchase_flag
    from below
    inner join units on units.account_id = below.parent_id
    where units.account_id = units.customer_key and units.account_id <> units.tier_unit_id
),

final as (
    select
        account_id,
        count(*) as sites_count,
        cast(sum(purchase_flag) as bigint) as buying_sites_count
    from counted
    group by account_id
)

select * from final
