-- The official tier of each loss at the last month-end at which the customer was active, of the
-- unit that it belonged to then; null before there were tiers.
with churned as (select * from {{ ref('int_retention__churned') }}),

spells as (
    select * from {{ ref('int_retention__spells') }} where lifecycle_state = 'active'
),

months as (select * from {{ ref('int_calendar__month_ends') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

tiers as (select * from {{ ref('int_tiers__states') }}),

-- The last month-end in a spell is that before the month of the day after it.
closed_spells as (
    select
        customer_key,
        members_from,
        from_date,
        {{ add_days(month_start('until_date'), -1) }} as month_end
    from spells
),

active as (
    select
        churned.customer_key,
        churned.churned_date,
        max(closed_spells.month_end) as month_end
    from churned
    inner join closed_spells
        on closed_spells.customer_key = churned.customer_key
        and closed_spells.members_from = churned.members_from
        and closed_spells.from_date < churned.churned_date
        and closed_spells.from_date <= closed_spells.month_end
    group by churned.customer_key, churned.churned_date
),

final as (
    select
        active.customer_key,
        active.churned_date,
        tiers.tier
    from active
    inner join months on months.month_end = active.month_end
    inner join units
        on units.epoch_date = months.epoch_date and units.account_id = active.customer_key
    inner join tiers
        on tiers.tier_unit_id = units.tier_unit_id and tiers.month_end = active.month_end
)

select * from final
