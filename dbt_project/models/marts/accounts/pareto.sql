with states as (
    select * from {{ ref('int_tiers__states') }} where rating_status <> 'INACTIVE'
),

months as (select * from {{ ref('int_calendar__month_ends') }} where is_tier_month),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

owner_windows as (
    select * from {{ ref('int_revenue__owner_windows') }} where owner_user_id <> 'none'
),

unit_quantities as (
    select
        months.month_end,
        units.tier_unit_id,
        sum(account_windows.quantity) as quantity
    from months
    inner join account_windows on account_windows.month_end = months.month_end
    inner join units
        on units.epoch_date = months.epoch_date and units.account_id = account_windows.account_id
    group by months.month_end, units.tier_unit_id
),

entities as (
    select
        states.month_end,
        'tier_unit' as entity_type,
        states.tier_unit_id as entity_id,
        unit_quantities.quantity,
        states.net_amount,
        states.profit_amount
    from states
    inner join unit_quantities
        on unit_quantities.month_end = states.month_end
        and unit_quantities.tier_unit_id = states.tier_unit_id
    union all
    select
        month_end,
        'owner' as entity_type,
        owner_user_id as entity_id,
        quantity,
        net_amount,
        profit_amount
    from owner_windows
),

measured as (
    {%- for measure, column in [
        ('units', 'quantity'), ('net_revenue', 'net_amount'), ('profit', 'profit_amount')
    ] %}
    select
        month_end,
        entity_type,
        '{{ measure }}' as measure,
        entity_id,
        cast({{ column }} as decimal(18,4)) as amount
    from entities
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

ranked as (
    select
        month_end,
        entity_type,
        measure,
        amount,
        row_number() over by_size as entity_number,
        cast(sum(amount) over (
            partition by month_end, entity_type, measure order by amount desc, entity_id
            rows between unbounded preceding and current row
        ) as decimal(24,4)) as cum_amount
    from measured
    window by_size as (
        partition by month_end, entity_type, measure order by amount desc, entity_id
    )
),

totals as (
    select
        month_end,
        entity_type,
        measure,
        count(*) as entities_count,
        cast(sum(greatest(amount, 0)) as decimal(18,4)) as total_value
    from ranked
    group by month_end, entity_type, measure
),

-- The first point of the curve with 80 percent: it may lie between two whole percents.
crossings as (
    select
        ranked.month_end,
        ranked.entity_type,
        ranked.measure,
        min(ranked.entity_number) as entities_for_80pct_count
    from ranked
    inner join totals
        on totals.month_end = ranked.month_end
        and totals.entity_type = ranked.entity_type
        and totals.measure = ranked.measure
    where totals.total_value > 0 and ranked.cum_amount >= totals.total_value * 0.8
    group by ranked.month_end, ranked.entity_type, ranked.measure
),

points as (
    select
        totals.*,
        percents.entity_percent,
        cast({{ whole_division('percents.entity_percent * totals.entities_count + 99', '100') }}
            as bigint) as entity_number
    from totals
    cross join (values
        {%- for percent in range(101) %} ({{ percent }}){{ ',' if not loop.last }}{% endfor %}
    ) as percents (entity_percent)
),

curve as (
    select
        points.*,
        coalesce(ranked.cum_amount, 0) as cum_amount,
        crossings.entities_for_80pct_count,
        max(case when points.entity_percent = 20 then ranked.cum_amount end) over (
            partition by points.month_end, points.entity_type, points.measure
        ) as top20_amount
    from points
    left join ranked
        on ranked.month_end = points.month_end
        and ranked.entity_type = points.entity_type
        and ranked.measure = points.measure
        and ranked.entity_number = points.entity_number
    left join crossings
        on crossings.month_end = points.month_end
        and crossings.entity_type = points.entity_type
        and crossings.measure = points.measure
),

final as (
    select
        month_end,
        entity_type,
        measure,
        cast(entity_percent as bigint) as entity_percent,
        entity_number as entities_count,
        {{ ratio('cum_amount', 'total_value') }} as cum_value_ratio,
        cast(entities_count as bigint) as active_entities_count,
        {{ ratio('top20_amount', 'total_value') }} as top20_value_ratio,
        {{ ratio('entities_for_80pct_count', 'entities_count') }} as entities_for_80pct_ratio,
        total_value
    from curve
)

select * from final
