{%- set by_unit = 'partition by tier_unit_id, members_from' -%}
-- Product families that a unit bought in the twelve months and in the twelve before, by the
-- accounts that make it up at the month-end. Families are counted when they come and when they go,
-- so that no month is joined with what was sold.
with months as (
    select * from {{ ref('int_calendar__month_ends') }} where is_bridge_month
),

line_groups as (select * from {{ ref('int_revenue__line_groups') }}),

members as (select * from {{ ref('int_identity__unit_members') }}),

bought as (
    select
        members.tier_unit_id,
        members.members_from,
        members.members_until,
        line_groups.product_family,
        {{ month_number('line_groups.month_start') }} as month_number
    from line_groups
    inner join members on members.account_id = line_groups.account_id
    where line_groups.last_sold_date is not null and line_groups.product_family <> 'unknown'
    group by
        members.tier_unit_id, members.members_from, members.members_until,
        line_groups.product_family, {{ month_number('line_groups.month_start') }}
),

neighbours as (
    select
        *,
        lag(month_number) over (
            {{ by_unit }}, product_family order by month_number
        ) as former_month_number,
        lead(month_number) over (
            {{ by_unit }}, product_family order by month_number
        ) as next_month_number
    from bought
),

-- A family counts for twelve months, and longer when it is bought again by then.
events as (
    select
        tier_unit_id,
        members_from,
        members_until,
        month_number,
        1 as families_change
    from neighbours
    where former_month_number is null or former_month_number < month_number - 12
    union all
    select
        tier_unit_id,
        members_from,
        members_until,
        month_number + 12 as month_number,
        -1 as families_change
    from neighbours
    where next_month_number is null or next_month_number > month_number + 12
),

changes as (
    select
        tier_unit_id,
        members_from,
        members_until,
        month_number,
        sum(families_change) as families_change
    from events
    group by tier_unit_id, members_from, members_until, month_number
),

counts as (
    select
        tier_unit_id,
        members_from,
        members_until,
        month_number,
        lead(month_number) over ({{ by_unit }} order by month_number) as until_month_number,
        cast(sum(families_change) over ({{ by_unit }} order by month_number) as bigint)
            as families_count
    from changes
),

-- What counts now counts as the year before in twelve months.
sides as (
    {%- for side, months_later in [('current', 0), ('prior', 12)] %}
    select
        months.month_end,
        counts.tier_unit_id,
        {{ 'counts.families_count' if side == 'current' else '0' }} as current_families_count,
        {{ 'counts.families_count' if side == 'prior' else '0' }} as prior_families_count
    from counts
    inner join months
        on months.month_number >= counts.month_number + {{ months_later }}
        and months.month_number < counts.until_month_number + {{ months_later }}
        and months.epoch_date >= counts.members_from
        and months.epoch_date < counts.members_until
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        month_end,
        tier_unit_id,
        cast(sum(current_families_count) as bigint) as current_families_count,
        cast(sum(prior_families_count) as bigint) as prior_families_count
    from sides
    group by month_end, tier_unit_id
)

select * from final
