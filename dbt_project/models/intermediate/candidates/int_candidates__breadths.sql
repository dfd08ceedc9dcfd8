-- Product families that a unit bought in the twelve months and in the twelve before, by the
-- accounts that make it up at the month-end.
with months as (
    select * from {{ ref('int_calendar__month_ends') }} where is_bridge_month
),

line_groups as (select * from {{ ref('int_revenue__line_groups') }}),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

bought as (
    select
        account_id,
        product_family,
        {{ month_number('month_start') }} as month_number
    from line_groups
    where last_sold_date is not null and product_family <> 'unknown'
    group by account_id, product_family, {{ month_number('month_start') }}
),

-- A purchase counts for twelve months, unless another one takes over before.
lasting as (
    select
        account_id,
        product_family,
        month_number,
        least(
            month_number + 11,
            coalesce(
                lead(month_number) over (
                    partition by account_id, product_family order by month_number
                ) - 1,
                month_number + 11
            )
        ) as last_month_number
    from bought
),

-- What counts now counts as the year before in twelve months.
held as (
    {%- for side, months_later in [('current', 0), ('prior', 12)] %}
    select
        months.month_end,
        months.epoch_date,
        lasting.account_id,
        lasting.product_family,
        {{ 1 if side == 'current' else 0 }} as current_flag,
        {{ 1 if side == 'prior' else 0 }} as prior_flag
    from lasting
    inner join months
        on months.month_number >= lasting.month_number + {{ months_later }}
        and months.month_number <= lasting.last_month_number + {{ months_later }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

families as (
    select
        held.month_end,
        units.tier_unit_id,
        held.product_family,
        max(held.current_flag) as current_flag,
        max(held.prior_flag) as prior_flag
    from held
    inner join units
        on units.epoch_date = held.epoch_date and units.account_id = held.account_id
    group by held.month_end, units.tier_unit_id, held.product_family
),

final as (
    select
        month_end,
        tier_unit_id,
        cast(sum(current_flag) as bigint) as current_families_count,
        cast(sum(prior_flag) as bigint) as prior_families_count
    from families
    group by month_end, tier_unit_id
)

select * from final
