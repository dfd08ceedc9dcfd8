-- How much hangs on the largest tier units, by month-end, scope and measure.
with unit_values as (select * from {{ ref('int_concentration__unit_values') }}),

months as (
    select * from {{ ref('int_calendar__month_ends') }} where is_tier_month
),

account_days as (
    select * from {{ ref('int_receivables__account_days') }} where is_month_end and not is_internal
),

positions as (select * from {{ ref('int_control__positions') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

cost_ratios as (select * from {{ ref('int_revenue__cost_ratios') }}),

config as ({{ dated_config('concentration_config') }}),

fixed_costs as ({{ dated_config('fixed_costs') }}),

-- A receivable belongs to no product family.
scopes as (
    {%- for scope in ['company', 'channel', 'owner'] %}
    select '{{ scope }}' as scope_type {{ 'union all' if not loop.last }}
    {%- endfor %}
),

debts as (
    select
        months.month_end,
        scopes.scope_type,
        case scopes.scope_type
            when 'company' then 'company'
            when 'channel' then versions.channel
            when 'owner' then coalesce(versions.owner_user_id, 'none')
        end as scope_id,
        account_days.tier_unit_id,
        positions.gross_open_amount
    from months
    inner join account_days on account_days.as_of_date = months.month_end
    inner join versions
        on versions.account_id = account_days.account_id
        and versions.valid_from <= months.month_end
        and versions.valid_to > months.month_end
    left join positions
        on positions.as_of_date = months.month_end
        and positions.account_id = account_days.account_id
    cross join scopes
),

measured as (
    {%- for measure, column in [('revenue', 'net_amount'), ('profit', 'profit_amount')] %}
    select
        month_end,
        scope_type,
        scope_id,
        '{{ measure }}' as measure,
        tier_unit_id,
        {{ column }} as amount
    from unit_values
    union all
    {%- endfor %}
    select
        month_end,
        scope_type,
        scope_id,
        'receivables' as measure,
        tier_unit_id,
        {{ money_sum('gross_open_amount') }} as amount
    from debts
    group by month_end, scope_type, scope_id, tier_unit_id
),

-- The largest first: positive values have the first places.
ranked as (
    select
        *,
        {{ cents('greatest(amount, 0)') }} as positive_cents,
        row_number() over by_size as place,
        cast(sum(greatest(amount, 0)) over (
            partition by month_end, scope_type, scope_id, measure order by amount desc, tier_unit_id
            rows between unbounded preceding and current row
        ) - greatest(amount, 0) as decimal(24,2)) as before_amount,
        cast(sum(greatest(amount, 0)) over (
            partition by month_end, scope_type, scope_id, measure
        ) as decimal(24,2)) as total_positive_amount
    from measured
    window by_size as (
        partition by month_end, scope_type, scope_id, measure order by amount desc, tier_unit_id
    )
),

summed as (
    select
        month_end,
        scope_type,
        scope_id,
        measure,
        sum(case when amount > 0 then 1 else 0 end) as accounts_count,
        sum(case when amount <= 0 then 1 else 0 end) as non_positive_count,
        {{ money_sum('amount') }} as total_amount,
        {{ money_sum('greatest(amount, 0)') }} as total_positive_amount,
        {%- for top in [1, 3, 5] %}
        {{ money_sum('case when place <= ' ~ top ~ ' then greatest(amount, 0) end') }}
            as top{{ top }}_amount,
        {%- endfor %}
        max(case when place = 1 and amount > 0 then tier_unit_id end) as top1_tier_unit_id,
        sum(case when amount > 0 and 2 * before_amount < total_positive_amount then 1 else 0 end)
            as half_value_accounts_count,
        {{ whole_number('sum(positive_cents)') }} as total_cents,
        {{ whole_number('sum(positive_cents * positive_cents)') }} as squared_cents,
        {{ whole_number('sum(positive_cents * place)') }} as placed_cents
    from ranked
    group by month_end, scope_type, scope_id, measure
),

measures as (
    select
        month_end,
        measure_used
    from cost_ratios
    group by month_end, measure_used
),

final as (
    select
        summed.month_end,
        summed.scope_type,
        summed.scope_id,
        summed.measure,
        cast(summed.accounts_count as bigint) as accounts_count,
        summed.total_positive_amount,
        cast(summed.non_positive_count as bigint) as non_positive_count,
        {%- for top in [1, 3, 5] %}
        {{ ratio('summed.top' ~ top ~ '_amount', 'summed.total_positive_amount') }}
            as top{{ top }}_ratio,
        {%- endfor %}
        {{ whole_ratio('summed.squared_cents', '(summed.total_cents * summed.total_cents)') }}
            as hhi,
        cast(case when summed.total_cents > 0 then {{ whole_division(
            'summed.squared_cents * 20000 + summed.total_cents * summed.total_cents',
            'summed.total_cents * summed.total_cents * 2') }} end as bigint) as hhi_points,
        {{ whole_ratio('(summed.total_cents * summed.total_cents)', 'summed.squared_cents') }}
            as effective_accounts,
        -- The sum over ascending ranks is (n + 1) times the total less that over descending ones.
        {{ whole_ratio(
            '((summed.accounts_count + 1) * summed.total_cents - 2 * summed.placed_cents)',
            '(summed.accounts_count * summed.total_cents)') }} as gini,
        cast(case when summed.total_positive_amount > 0 then summed.half_value_accounts_count end
            as bigint) as half_value_accounts_count,
        summed.top1_tier_unit_id,
        cast(summed.total_amount - summed.top1_amount as decimal(18,2)) as without_top1_amount,
        cast(summed.total_amount - summed.top3_amount as decimal(18,2)) as without_top3_amount,
        -- Revenue covers no cost: where profit is not known, neither are the months.
        case when summed.scope_type = 'company' and summed.measure = 'profit'
            and measures.measure_used <> 'net_revenue'
            then {{ ratio('summed.total_amount - summed.top1_amount', 'fixed_costs.monthly_amount') }}
        end as fixed_cost_months_without_top1,
        case
            when summed.total_positive_amount = 0 then 'none'
            when summed.top1_amount >= summed.total_positive_amount * config.critical_top1_share
                then 'critical'
            when summed.top1_amount >= summed.total_positive_amount * config.high_top1_share
                then 'high'
            when summed.top1_amount >= summed.total_positive_amount * config.noticeable_top1_share
                then 'noticeable'
            when summed.top1_amount > 0 then 'low'
        end as top1_band,
        case
            when summed.total_positive_amount = 0 then 'none'
            when summed.squared_cents * 10000
                >= summed.total_cents * summed.total_cents * {{ whole('config.high_hhi') }}
                then 'high'
            when summed.squared_cents * 10000
                >= summed.total_cents * summed.total_cents * {{ whole('config.moderate_hhi') }}
                then 'moderate'
            when summed.squared_cents > 0 then 'low'
        end as hhi_band
    from summed
    inner join config
        on config.valid_from <= summed.month_end and config.valid_until > summed.month_end
    left join fixed_costs
        on fixed_costs.valid_from <= summed.month_end
        and fixed_costs.valid_until > summed.month_end
    left join measures on measures.month_end = summed.month_end
)

select * from final
