-- Account managers who left accounts behind, and whether others of their team did so within the days of
-- the rule. A departure opens a mass departure when it makes the team lose enough of them within these
-- days, and none within them before it had.
with changes as (
    select * from {{ ref('int_owners__changes') }} where change_type = 'owner_left'
),

departures as (select * from {{ ref('int_owners__departures') }}),

day_rules as ({{ dated_rule('mass_departure_days') }}),

owner_rules as ({{ dated_rule('mass_departure_owners') }}),

owners as (
    select
        departures.user_id,
        departures.team,
        departures.left_on
    from departures
    inner join changes
        on changes.former_owner_user_id = departures.user_id
        and changes.changed_date = departures.left_on
    group by departures.user_id, departures.team, departures.left_on
),

counted as (
    select
        last_one.team,
        last_one.left_on,
        {{ add_days('last_one.left_on', '-day_rules.amount') }} as counted_from,
        count(distinct others.user_id) as owners_count,
        owner_rules.amount as minimum_owners
    from owners as last_one
    inner join day_rules
        on day_rules.valid_from <= last_one.left_on and day_rules.valid_until > last_one.left_on
    inner join owner_rules
        on owner_rules.valid_from <= last_one.left_on and owner_rules.valid_until > last_one.left_on
    inner join owners as others
        on others.team = last_one.team
        and others.left_on <= last_one.left_on
        and others.left_on >= {{ add_days('last_one.left_on', '-day_rules.amount') }}
    group by last_one.team, last_one.left_on, day_rules.amount, owner_rules.amount
),

mass_days as (
    select
        *,
        coalesce(
            lag(left_on) over (partition by team order by left_on) >= counted_from, false
        ) as is_continued
    from counted
    where owners_count >= minimum_owners
),

final as (
    select
        owners.user_id,
        owners.team,
        owners.left_on,
        max(case when mass_days.team is not null then 1 else 0 end) = 1 as is_mass_departure,
        min(case when not mass_days.is_continued then mass_days.left_on end) as mass_departure_on
    from owners
    left join mass_days
        on mass_days.team = owners.team
        and mass_days.counted_from <= owners.left_on
        and mass_days.left_on >= owners.left_on
    group by owners.user_id, owners.team, owners.left_on
)

select * from final
