-- How the monthly revenue of each candidate goes, as a share of its mean: the median of the slopes
-- between any two of the twelve months (Theil and Sen). For candidates alone, as pairs are many.
-- 27,720 is a multiple of 1 to 11, so that every slope in cents times 27,720 is a whole number.
with candidates as (
    select * from {{ ref('int_candidates__eligible') }} where is_candidate
),

months as (select * from {{ ref('int_calendar__month_ends') }}),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

account_months as (select * from {{ ref('int_revenue__account_months') }}),

sold as (
    select
        candidates.month_end,
        candidates.tier_unit_id,
        account_months.month_number,
        {{ money_sum('account_months.net_amount') }} as net_amount
    from candidates
    inner join months on months.month_end = candidates.month_end
    inner join units
        on units.epoch_date = months.epoch_date and units.tier_unit_id = candidates.tier_unit_id
    inner join account_months
        on account_months.account_id = units.account_id
        and account_months.month_number > months.month_number - 12
        and account_months.month_number <= months.month_number
    group by candidates.month_end, candidates.tier_unit_id, account_months.month_number
),

-- A month without a line is a month without revenue.
spread as (
    select
        candidates.month_end,
        candidates.tier_unit_id,
        of_year.month_number,
        coalesce(sold.net_amount, 0) as net_amount
    from candidates
    inner join months as of_year
        on of_year.month_number > candidates.month_number - 12
        and of_year.month_number <= candidates.month_number
    left join sold
        on sold.month_end = candidates.month_end
        and sold.tier_unit_id = candidates.tier_unit_id
        and sold.month_number = of_year.month_number
),

pairs as (
    select
        earlier.month_end,
        earlier.tier_unit_id,
        cast({{ whole_division('27720', 'later.month_number - earlier.month_number') }} as integer)
            * (later.net_amount - earlier.net_amount) as slope
    from spread as earlier
    inner join spread as later
        on later.month_end = earlier.month_end
        and later.tier_unit_id = earlier.tier_unit_id
        and later.month_number > earlier.month_number
),

ranked as (
    select
        pairs.*,
        row_number() over (partition by month_end, tier_unit_id order by slope) as place
    from pairs
),

-- Of 66 slopes the two in the middle.
medians as (
    select
        month_end,
        tier_unit_id,
        sum(slope) as middle_sum
    from ranked
    where place in (33, 34)
    group by month_end, tier_unit_id
),

totals as (
    select
        month_end,
        tier_unit_id,
        {{ money_sum('net_amount') }} as net_amount
    from spread
    group by month_end, tier_unit_id
),

-- Sum of two slopes / 2 / 27,720, by total / 12.
final as (
    select
        totals.month_end,
        totals.tier_unit_id,
        case when totals.net_amount > 0 then
            {{ multiply_divide('medians.middle_sum', '1', '4620 * totals.net_amount', 6) }}
        end as revenue_slope_ratio
    from totals
    inner join medians
        on medians.month_end = totals.month_end and medians.tier_unit_id = totals.tier_unit_id
)

select * from final
