-- From when on a tier unit exists at a month-end, and its first purchase, by the identity of then.
with units as (select * from {{ ref('int_identity__account_units') }}),

starts as (select * from {{ ref('int_identity__account_starts') }}),

final as (
    select
        units.epoch_date,
        units.tier_unit_id,
        min(starts.exists_from) as exists_from,
        min(starts.first_purchase_date) as first_purchase_date
    from units
    inner join starts on starts.account_id = units.account_id
    where not units.is_internal
    group by units.epoch_date, units.tier_unit_id
)

select * from final
