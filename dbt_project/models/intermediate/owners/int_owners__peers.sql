-- What accounts kept that changed hands neither in the twelve months before nor after, by month-end and
-- official tier: revenue of the twelve months after against that of the twelve before, of those with
-- revenue before. Only for month-ends before a change.
with changes as (select * from {{ ref('int_owners__changes') }}),

months as (select * from {{ ref('int_calendar__month_ends') }}),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

tiers as (select * from {{ ref('int_tiers__states') }}),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

asked as (
    select
        months.month_end,
        months.epoch_date,
        later.month_end as later_month_end,
        months.opening_to
    from changes
    inner join months on months.month_end = changes.month_end_before
    inner join months as later on later.month_number = months.month_number + 12
    where months.is_tier_month
    group by months.month_end, months.epoch_date, later.month_end, months.opening_to
),

changed as (
    select
        asked.month_end,
        changes.account_id
    from asked
    inner join changes
        on changes.changed_date > asked.opening_to
        and changes.changed_date <= asked.later_month_end
    group by asked.month_end, changes.account_id
),

final as (
    select
        asked.month_end,
        tiers.tier,
        {{ money_sum('before.net_amount') }} as before_net_amount,
        {{ money_sum('after.net_amount') }} as after_net_amount
    from asked
    inner join account_windows as before
        on before.month_end = asked.month_end and before.net_amount > 0
    inner join units
        on units.epoch_date = asked.epoch_date and units.account_id = before.account_id
    inner join tiers
        on tiers.tier_unit_id = units.tier_unit_id and tiers.month_end = asked.month_end
    left join account_windows as after
        on after.account_id = before.account_id and after.month_end = asked.later_month_end
    left join changed
        on changed.month_end = asked.month_end and changed.account_id = before.account_id
    where changed.account_id is null
    group by asked.month_end, tiers.tier
)

select * from final
