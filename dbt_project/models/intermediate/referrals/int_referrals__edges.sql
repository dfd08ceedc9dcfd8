-- Who each external account says it came through on D: edges to walk along. A source stands for its
-- golden record; an internal one brought nobody, nor did one that came after D.
with versions as (
    select * from {{ ref('stg_crm__account_versions') }}
    where valid_from <= {{ as_of_date() }}
        and valid_to > {{ as_of_date() }}
        and referred_by_account_id is not null
),

starts as (
    select * from {{ ref('int_identity__account_starts') }} where exists_from <= {{ as_of_date() }}
),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not is_internal
),

final as (
    select
        units.epoch_date,
        units.account_id as node,
        sources.customer_key as parent
    from versions
    inner join units on units.account_id = versions.account_id
    inner join units as sources on sources.account_id = versions.referred_by_account_id
    inner join starts on starts.account_id = units.account_id
    inner join starts as source_starts on source_starts.account_id = sources.account_id
)

select * from final
