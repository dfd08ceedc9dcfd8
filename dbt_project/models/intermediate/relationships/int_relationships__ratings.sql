-- Who rated the contacts on file, of the ratings that count on D: the owner that the account had on the
-- day of the rating, or somebody else.
with contacts as (select * from {{ ref('stg_crm__contacts') }} where is_active),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

rules as (
    select * from ({{ dated_config('relationship_rules') }}) as dated
    where valid_from <= {{ as_of_date() }} and valid_until > {{ as_of_date() }}
),

ratings as (
    select
        contacts.account_id,
        case
            when contacts.interpersonal_rated_by_user_id is not null
                then coalesce(
                    contacts.interpersonal_rated_by_user_id = versions.owner_user_id, false)
        end as is_by_owner
    from contacts
    cross join rules
    inner join versions
        on versions.account_id = contacts.account_id
        and versions.valid_from <= contacts.interpersonal_rated_on
        and versions.valid_to > contacts.interpersonal_rated_on
    where contacts.interpersonal_rating is not null
        and contacts.interpersonal_rated_on >= {{ add_days(as_of_date(), '-rules.rating_days') }}
        and contacts.interpersonal_rated_on <= {{ as_of_date() }}
),

final as (
    select
        account_id,
        count(*) as rated_contacts_count,
        cast(sum(case when is_by_owner then 1 when not is_by_owner then 0 end) as bigint)
            as owner_ratings_count,
        cast(sum(case when is_by_owner then 0 when not is_by_owner then 1 end) as bigint)
            as other_ratings_count
    from ratings
    group by account_id
)

select * from final
