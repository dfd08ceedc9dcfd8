{{ config(materialized='table') }}

-- Whether one of our people was there on a day is said by the newest version up to that day
-- (ruling 5). Who was deleted at the source is gone.
with landed as (
    select
        *,
        {{ business_date('coalesce(updated_at, landed_as_of)') }} as version_date
    from {{ source('landing', 'crm_user_versions') }}
),

ranked as (
    select
        landed.*,
        row_number() over (
            partition by user_id, version_date
            order by updated_at desc nulls last, _load desc, _row
        ) as rank_of_day,
        min(version_date) over (partition by user_id) as first_version_date
    from landed
),

of_day as (
    select * from ranked
    where rank_of_day = 1
        and (version_date <= {{ as_of_date() }} or version_date = first_version_date)
),

final as (
    select
        user_id,
        case
            when version_date = first_version_date then {{ beginning_of_time() }}
            else version_date
        end as valid_from,
        coalesce(
            lead(version_date) over (partition by user_id order by version_date),
            {{ end_of_time() }}
        ) as valid_to,
        user_name,
        team,
        coalesce(is_active, true) and not coalesce(is_deleted, false) as is_active,
        deactivated_on
    from of_day
)

select * from final
