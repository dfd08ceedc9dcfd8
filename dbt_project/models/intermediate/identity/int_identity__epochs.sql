-- Days on which who belongs to whom changed. Between two of them the identity is the same.
with versions as (select * from {{ ref('stg_crm__account_versions') }}),

compared as (
    select
        account_id,
        valid_from,
        parent_account_id is distinct from lag(parent_account_id) over by_account
        or merged_into_account_id is distinct from lag(merged_into_account_id) over by_account
        or tax_id is distinct from lag(tax_id) over by_account
        or is_internal is distinct from lag(is_internal) over by_account as is_change
    from versions
    where valid_from <= {{ as_of_date() }}
    window by_account as (partition by account_id order by valid_from)
),

final as (
    select valid_from as epoch_date from compared
    where is_change and valid_from > {{ beginning_of_time() }}
    group by valid_from
    union all
    select {{ beginning_of_time() }} as epoch_date
)

select * from final
