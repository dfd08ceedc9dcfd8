-- Every change or loss of an owner up to D, of accounts that were external and not merged into another
-- on that day. Who takes over later, by D, is the owner after, too.
with periods as (
    select * from {{ ref('int_owners__periods') }} where valid_from <= {{ as_of_date() }}
),

departures as (select * from {{ ref('int_owners__departures') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

followed as (
    select
        *,
        lead(owner_user_id) over (partition by account_id order by valid_from) as new_owner_user_id,
        lead(valid_from) over (partition by account_id order by valid_from) as taken_on
    from periods
),

final as (
    select
        followed.account_id,
        followed.valid_to as changed_date,
        {{ add_days(month_start('followed.valid_to'), -1) }} as month_end_before,
        case
            when departures.user_id is not null then 'owner_left'
            when followed.taken_on = followed.valid_to then 'handed_over'
            when followed.taken_on is distinct from followed.valid_to then 'no_owner'
        end as change_type,
        followed.owner_user_id as former_owner_user_id,
        followed.new_owner_user_id
    from followed
    inner join versions
        on versions.account_id = followed.account_id
        and versions.valid_from <= followed.valid_to
        and versions.valid_to > followed.valid_to
    left join departures
        on departures.user_id = followed.owner_user_id and departures.left_on = followed.valid_to
    where followed.valid_to <= {{ as_of_date() }}
        and not versions.is_internal
        and coalesce(versions.merged_into_account_id, versions.account_id) = versions.account_id
)

select * from final
