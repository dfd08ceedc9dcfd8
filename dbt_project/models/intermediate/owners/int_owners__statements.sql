-- Who is said to own each account from a day on. What the source remembers from before the first landed
-- version of an account stands in front of it; without that the first version reaches back.
with versions as (select * from {{ ref('stg_crm__account_versions') }}),

first_versions as (
    select
        account_id,
        min(stated_on) as first_stated_on
    from versions
    group by account_id
),

users as (select user_id from {{ ref('stg_crm__user_versions') }} group by user_id),

remembered as (
    select
        history.account_id,
        history.valid_from,
        {{ 'users.user_id' if is_present('crm_users') else 'history.value' }} as owner_user_id
    from {{ ref('stg_crm__account_history') }} as history
    inner join first_versions
        on first_versions.account_id = history.account_id
        and first_versions.first_stated_on > history.valid_from
    left join users on users.user_id = history.value
    where history.field = 'owner_user_id' and history.valid_from <= {{ as_of_date() }}
),

remembered_accounts as (select account_id from remembered group by account_id),

final as (
    select
        account_id,
        valid_from,
        valid_from as stated_on,
        owner_user_id
    from remembered
    union all
    select
        versions.account_id,
        case
            when remembered_accounts.account_id is not null
                and versions.valid_from = {{ beginning_of_time() }} then versions.stated_on
            else versions.valid_from
        end as valid_from,
        versions.stated_on,
        versions.owner_user_id
    from versions
    left join remembered_accounts on remembered_accounts.account_id = versions.account_id
)

select * from final
