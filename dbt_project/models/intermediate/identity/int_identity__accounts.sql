-- Who each account says it belongs to, on the days on which that changed.
with versions as (select * from {{ ref('stg_crm__account_versions') }}),

epochs as (select * from {{ ref('int_identity__epochs') }}),

final as (
    select
        epochs.epoch_date,
        versions.account_id,
        versions.parent_account_id,
        versions.merged_into_account_id,
        versions.tax_id,
        versions.is_internal
    from epochs
    inner join versions
        on versions.valid_from <= epochs.epoch_date and versions.valid_to > epochs.epoch_date
)

select * from final
