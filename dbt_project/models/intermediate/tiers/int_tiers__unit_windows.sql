-- One row per month-end and tier unit: the twelve months of all its accounts, by the hierarchy of
-- that month-end (pro forma). Units without a line in the window are there with zeros.
with months as (
    select * from {{ ref('int_calendar__month_ends') }} where is_tier_month
),

starts as (select * from {{ ref('int_identity__unit_starts') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

unit_sums as (
    select
        months.month_end,
        units.tier_unit_id,
        sum(account_windows.lines_count) as lines_count,
        {{ money_sum('account_windows.net_amount') }} as net_amount,
        {{ money_sum('account_windows.profit_amount') }} as profit_amount,
        {{ money_sum('account_windows.absolute_net_amount') }} as absolute_net_amount,
        {{ money_sum('account_windows.absolute_costed_net_amount') }} as absolute_costed_net_amount,
        bit_or(account_windows.purchase_bits) as purchase_bits
    from months
    inner join account_windows on account_windows.month_end = months.month_end
    inner join units
        on units.epoch_date = months.epoch_date and units.account_id = account_windows.account_id
    where not units.is_internal
    group by months.month_end, units.tier_unit_id
),

-- Without a line in a window nobody is measured, and every month-end still names its measure.
measures as (
    select
        month_end,
        measure_used
    from account_windows
    group by month_end, measure_used
),

final as (
    select
        months.month_end,
        months.month_number,
        months.epoch_date,
        starts.tier_unit_id,
        versions.channel,
        coalesce(unit_sums.lines_count, 0) as lines_count,
        coalesce(unit_sums.net_amount, 0) as net_amount,
        coalesce(unit_sums.profit_amount, 0) as profit_amount,
        coalesce(unit_sums.absolute_net_amount, 0) as absolute_net_amount,
        coalesce(unit_sums.absolute_costed_net_amount, 0) as absolute_costed_net_amount,
        coalesce(bit_count(unit_sums.purchase_bits), 0) as purchase_months_count,
        -- The only purchase month is the first of the window: the next month-end loses it.
        coalesce(
            unit_sums.purchase_bits = {{ shift_left('1', '(months.month_number + 1) % 12') }}, false
        ) as is_purchase_leaving,
        coalesce(measures.measure_used, 'net_revenue') as measure_used,
        case
            when unit_sums.lines_count > 0 and starts.first_purchase_date <= months.month_end
                then {{ days_between('starts.first_purchase_date', 'months.month_end') }}
        end as tenure_days,
        months.minimum_tenure_days,
        months.tier_config_valid_from
    from months
    inner join starts
        on starts.epoch_date = months.epoch_date and starts.exists_from <= months.month_end
    inner join versions
        on versions.account_id = starts.tier_unit_id
        and versions.valid_from <= months.month_end
        and versions.valid_to > months.month_end
    left join unit_sums
        on unit_sums.month_end = months.month_end
        and unit_sums.tier_unit_id = starts.tier_unit_id
    left join measures on measures.month_end = months.month_end
)

select * from final
