-- What accounts that are not A took for the mix of product families of a tier unit: the mean of the
-- families' medians, by the unit's own orders. Families that too few others bought are left out, and
-- the coverage says so.
with accounts as (select * from {{ ref('int_service__accounts') }}),

times as (select * from {{ ref('int_service__family_times') }}),

peers as (select * from {{ ref('int_service__peer_times') }}),

rules as ({{ dated_config('service_rules') }}),

family_months as (
    select
        account_id,
        time_kind,
        product_family,
        month_number,
        sum(orders_count) as orders_count
    from times
    group by account_id, time_kind, product_family, month_number
),

spans as (
    select
        account_id,
        time_kind,
        product_family,
        min(month_number) as from_number,
        max(month_number) + 12 as until_number
    from family_months
    group by account_id, time_kind, product_family
),

-- A row of nothing stands for each month-end, and the window looks back from it.
moved as (
    select
        account_id,
        time_kind,
        product_family,
        month_number,
        orders_count,
        cast(null as date) as month_end,
        cast(null as {{ text_type() }}) as tier_unit_id
    from family_months
    union all
    select
        spans.account_id,
        spans.time_kind,
        spans.product_family,
        accounts.month_number,
        0 as orders_count,
        accounts.month_end,
        accounts.tier_unit_id
    from spans
    inner join accounts
        on accounts.account_id = spans.account_id
        and accounts.month_number >= spans.from_number
        and accounts.month_number < spans.until_number
),

windowed as (
    select
        month_end,
        tier_unit_id,
        time_kind,
        product_family,
        sum(orders_count) over (
            partition by account_id, time_kind, product_family order by month_number
            range between 11 preceding and current row
        ) as orders_count
    from moved
),

mixes as (
    select
        month_end,
        tier_unit_id,
        time_kind,
        product_family,
        sum(orders_count) as orders_count
    from windowed
    where month_end is not null and orders_count > 0
    group by month_end, tier_unit_id, time_kind, product_family
),

compared as (
    select
        mixes.month_end,
        mixes.tier_unit_id,
        mixes.time_kind,
        mixes.orders_count,
        case
            when peers.orders_count >= rules.minimum_peer_orders then peers.twice_median_days
        end as twice_median_days
    from mixes
    inner join rules
        on rules.valid_from <= mixes.month_end and rules.valid_until > mixes.month_end
    left join peers
        on peers.month_end = mixes.month_end
        and peers.time_kind = mixes.time_kind
        and peers.product_family = mixes.product_family
),

sums as (
    select
        month_end,
        tier_unit_id,
        time_kind,
        sum(orders_count) as orders_count,
        sum(case when twice_median_days is not null then orders_count else 0 end)
            as compared_count,
        sum(orders_count * twice_median_days) as twice_days
    from compared
    group by month_end, tier_unit_id, time_kind
),

final as (
    select
        month_end,
        tier_unit_id,
        {%- for kind in ['delivery', 'quote'] %}
        max(case when time_kind = '{{ kind }}' then
            {{ multiply_divide('twice_days', '1', '2 * compared_count') }} end)
            as peer_{{ kind }}_days,
        max(case when time_kind = '{{ kind }}' then {{ ratio('compared_count', 'orders_count') }} end)
            as peer_{{ kind }}_coverage_ratio
        {{- ',' if not loop.last }}
        {%- endfor %}
    from sums
    group by month_end, tier_unit_id
)

select * from final
