-- The sites of external groups at D with their industry.
with versions as (
    select * from {{ ref('stg_crm__account_versions') }}
    where valid_from <= {{ as_of_date() }} and valid_to > {{ as_of_date() }}
),

-- An external account may have been merged into a record that is none.
units as (
    select
        customer_key,
        tier_unit_id
    from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not is_internal
    group by customer_key, tier_unit_id
),

final as (
    select
        units.customer_key,
        units.tier_unit_id,
        versions.industry_code
    from units
    inner join versions on versions.account_id = units.customer_key
)

select * from final
