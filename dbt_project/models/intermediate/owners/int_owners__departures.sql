-- Our people who left by D, and when: on the day that the source names, else since the first version
-- from which on they were inactive without a break. Who was never active left before anything is known.
with versions as (select * from {{ ref('stg_crm__user_versions') }}),

newest as (select * from versions where valid_to = {{ end_of_time() }}),

last_active as (
    select
        user_id,
        max(valid_to) as inactive_from
    from versions
    where is_active
    group by user_id
),

dated as (
    select
        newest.user_id,
        newest.user_name,
        newest.team,
        case
            when newest.deactivated_on is not null then newest.deactivated_on
            when not newest.is_active
                then coalesce(last_active.inactive_from, {{ beginning_of_time() }})
        end as left_on
    from newest
    left join last_active on last_active.user_id = newest.user_id
),

final as (select * from dated where left_on <= {{ as_of_date() }})

select * from final
