-- How the cost to serve of an order changes from order to order: the median of the slopes between
-- any two of the last quarters (Theil and Sen, semantics 3.16). Quarters and not orders, because
-- pairs of orders grow with their square, and because visits and cases belong to no single order.
with months as (select * from {{ ref('int_calendar__month_ends') }}),

points as (select * from {{ ref('int_profitability__order_quarters') }}),

widths as ({{ dated_rule('slope_quarters') }}),

minimums as ({{ dated_rule('slope_minimum_quarters') }}),

ends as (
    select
        months.month_end,
        cast({{ whole_division('months.month_number', '3') }} as bigint) - 1 as quarter_number,
        cast(widths.amount as bigint) as quarters_count,
        minimums.amount as minimum_count
    from months
    inner join widths
        on widths.valid_from <= months.month_end and widths.valid_until > months.month_end
    inner join minimums
        on minimums.valid_from <= months.month_end and minimums.valid_until > months.month_end
),

-- Month-ends between two quarter-ends share what the last quarter says.
spans as (
    select
        quarter_number,
        quarters_count,
        minimum_count
    from ends
    group by quarter_number, quarters_count, minimum_count
),

pairs as (
    select
        earlier.account_id,
        earlier.quarter_number as earlier_quarter,
        later.quarter_number as later_quarter,
        {{ multiply_divide(
            '2 * (later.cost_to_serve_amount * earlier.orders_count'
            ~ ' - earlier.cost_to_serve_amount * later.orders_count)',
            '1',
            'cast(earlier.orders_count * later.orders_count'
            ~ ' * (later.doubled_order_number - earlier.doubled_order_number) as decimal(30,0))',
            6) }} as slope
    from points as earlier
    inner join points as later
        on later.account_id = earlier.account_id
        and later.quarter_number > earlier.quarter_number
    where later.quarter_number - earlier.quarter_number < (select max(quarters_count) from spans)
),

ranked as (
    select
        spans.quarter_number,
        spans.quarters_count,
        spans.minimum_count,
        pairs.account_id,
        pairs.slope,
        row_number() over (
            partition by spans.quarter_number, spans.quarters_count, pairs.account_id
            order by pairs.slope, pairs.earlier_quarter, pairs.later_quarter
        ) as place,
        count(*) over (
            partition by spans.quarter_number, spans.quarters_count, pairs.account_id
        ) as slopes_count
    from spans
    inner join pairs
        on pairs.later_quarter <= spans.quarter_number
        and pairs.earlier_quarter > spans.quarter_number - spans.quarters_count
),

-- n quarters have n (n - 1) pairs, halved.
medians as (
    select
        quarter_number,
        quarters_count,
        account_id,
        sum(slope) as middle_sum,
        count(*) as middle_count
    from ranked
    where slopes_count * 2 >= minimum_count * (minimum_count - 1)
        and place * 2 >= slopes_count and place * 2 <= slopes_count + 2
    group by quarter_number, quarters_count, account_id
),

final as (
    select
        ends.month_end,
        medians.account_id,
        cast(case medians.middle_count
            when 1 then medians.middle_sum
            when 2 then medians.middle_sum * cast(0.5 as decimal(2,1))
        end as decimal(18,2)) as cost_per_order_slope_amount
    from ends
    inner join medians
        on medians.quarter_number = ends.quarter_number
        and medians.quarters_count = ends.quarters_count
)

select * from final
