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

mixes as (
    select
        accounts.month_end,
        accounts.tier_unit_id,
        family_months.time_kind,
        family_months.product_family,
        sum(family_months.orders_count) as orders_count
    from family_months
    inner join accounts
        on accounts.account_id = family_months.account_id
        and accounts.month_number >= family_months.month_number
        and accounts.month_number < family_months.month_number + 12
    group by
        accounts.month_end, accounts.tier_unit_id, family_months.time_kind,
        family_months.product_family
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
