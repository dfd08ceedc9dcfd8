-- The days that relationships are described for, with the rules in force on each.
with days as (select * from {{ ref('int_calendar__days') }}),

rules as ({{ dated_config('relationship_rules') }}),

final as (
    select
        days.as_of_date,
        days.is_month_end,
        days.is_latest,
        days.epoch_date,
        {{ add_days('days.as_of_date', '1 - rules.window_days') }} as talks_from,
        {{ add_days('days.as_of_date', '-rules.rating_days') }} as rated_from,
        {{ add_months('days.as_of_date', '-rules.joint_months') }} as joint_after,
        rules.second_stage_departments,
        rules.third_stage_departments,
        rules.third_stage_own_departments,
        rules.lost_after_month_ends,
        rules.minimum_contacts,
        rules.minimum_own_users,
        rules.top_contact_activities,
        rules.top_contact_share,
        rules.minimum_cell_accounts
    from days
    inner join rules
        on rules.valid_from <= days.as_of_date and rules.valid_until > days.as_of_date
)

select * from final
