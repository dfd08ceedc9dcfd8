-- How much the twelve monthly revenues to a month-end vary: of the units that are A then, and of all
-- others. Population deviation by mean, of monthly shares in the twelve months with six decimals. The
-- company's months are added up once; only those of A and of internal accounts are looked at one by one.
with months as (select * from {{ ref('int_calendar__month_ends') }} where is_tier_month),

units as (select * from {{ ref('int_identity__account_units') }}),

tiers as (select * from {{ ref('int_tiers__states') }}),

account_months as (select * from {{ ref('int_revenue__account_months') }}),

company_months as (
    select
        month_start,
        {{ money_sum('net_amount') }} as net_amount
    from account_months
    group by month_start
),

apart as (
    select
        months.month_end,
        months.window_from,
        units.account_id,
        units.is_internal
    from months
    inner join units on units.epoch_date = months.epoch_date
    left join tiers
        on tiers.month_end = months.month_end and tiers.tier_unit_id = units.tier_unit_id
    where units.is_internal or tiers.tier = 'A'
),

sums_apart as (
    select
        apart.month_end,
        account_months.month_start,
        {{ money_sum('case when not apart.is_internal then account_months.net_amount end') }}
            as a_amount,
        {{ money_sum('case when apart.is_internal then account_months.net_amount end') }}
            as internal_amount
    from apart
    inner join account_months
        on account_months.account_id = apart.account_id
        and account_months.month_start >= apart.window_from
        and account_months.month_start <= apart.month_end
    group by apart.month_end, account_months.month_start
),

grid as (
    select
        months.month_end,
        coalesce(sums_apart.a_amount, 0) as a_amount,
        cast(coalesce(company_months.net_amount, 0) - coalesce(sums_apart.a_amount, 0)
            - coalesce(sums_apart.internal_amount, 0) as decimal(18,2)) as base_amount
    from months
    inner join {{ ref('int_calendar__month_ends') }} as spine
        on spine.month_start >= months.window_from and spine.month_start <= months.month_start
    left join company_months on company_months.month_start = spine.month_start
    left join sums_apart
        on sums_apart.month_end = months.month_end
        and sums_apart.month_start = spine.month_start
),

totals as (
    select
        month_end,
        {{ money_sum('a_amount') }} as a_amount,
        {{ money_sum('base_amount') }} as base_amount
    from grid
    group by month_end
),

-- Shares in millionths; a month a hundred times as large as the twelve together has none.
shares as (
    select
        grid.month_end,
        {%- for book in ['a', 'base'] %}
        case when totals.{{ book }}_amount > 0
            and abs(grid.{{ book }}_amount) <= cast(totals.{{ book }}_amount as decimal(24,2)) * 100
            then cast({{ ratio('grid.' ~ book ~ '_amount', 'totals.' ~ book ~ '_amount') }}
                * 1000000 as decimal(14,0))
        end as {{ book }}_parts{{ ',' if not loop.last }}
        {%- endfor %}
    from grid
    inner join totals on totals.month_end = grid.month_end
),

squares as (
    select
        month_end,
        {%- for book in ['a', 'base'] %}
        count({{ book }}_parts) as {{ book }}_months_count,
        cast(sum({{ book }}_parts) as decimal(14,0)) as {{ book }}_parts,
        cast(sum({{ book }}_parts * {{ book }}_parts) as decimal(28,0)) as {{ book }}_squared_parts
        {{- ',' if not loop.last }}
        {%- endfor %}
    from shares
    group by month_end
),

-- sqrt(12 S2 - S^2) / S, with five more places under the root.
final as (
    select
        month_end,
        {%- for book in ['a', 'base'] %}
        case when {{ book }}_months_count = 12 then
            {{ multiply_divide(
                square_root('cast(12 * ' ~ book ~ '_squared_parts - ' ~ book ~ '_parts * '
                    ~ book ~ "_parts as decimal(20,0)) * cast('10000000000' as decimal(11,0))"),
                '1', book ~ "_parts * cast('100000' as decimal(6,0))", 6) }}
        end as {{ book }}_revenue_variation_ratio{{ ',' if not loop.last }}
        {%- endfor %}
    from squares
)

select * from final
