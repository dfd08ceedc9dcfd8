with aging as (select * from {{ ref('receivables_aging') }}),

periods as (select * from {{ ref('int_receivables__collection_periods') }}),

flows as (select * from {{ ref('int_receivables__collection_flows') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

tiers as (select * from {{ ref('int_tiers__states') }}),

-- Every account where it belongs on the day described, with its whole history: stocks and flows of
-- a scope are those of the same accounts.
placed as (
    select
        aging.as_of_date,
        aging.account_id,
        aging.is_internal,
        versions.channel,
        coalesce(versions.region, 'unknown') as region,
        coalesce(versions.owner_user_id, 'none') as owner_user_id,
        coalesce(tiers.tier, 'none') as tier,
        coalesce(before.gross_open_amount, 0) as beginning_amount,
        aging.gross_open_amount as ending_amount,
        aging.current_amount as ending_current_amount,
        {%- for step in range(longest_lookback_months()) %}
        coalesce(flows.sales_{{ step }}_amount, 0) as sales_{{ step }}_amount,
        {%- endfor %}
        coalesce(flows.applications_count, 0) as applications_count,
        coalesce(flows.applied_amount, 0) as applied_amount,
        coalesce(flows.amount_to_pay_days, 0) as amount_to_pay_days,
        coalesce(flows.amount_late_days, 0) as amount_late_days
    from aging
    inner join periods on periods.as_of_date = aging.as_of_date
    inner join versions
        on versions.account_id = aging.account_id
        and versions.valid_from <= aging.as_of_date
        and versions.valid_to > aging.as_of_date
    inner join units
        on units.epoch_date = periods.epoch_date and units.account_id = aging.account_id
    left join tiers
        on tiers.tier_unit_id = units.tier_unit_id and tiers.month_end = periods.tier_month_end
    left join aging as before
        on before.account_id = aging.account_id
        and before.as_of_date = {{ add_days('periods.period_from', -1) }}
    left join flows
        on flows.account_id = aging.account_id and flows.month_start = periods.month_start
),

scopes as (
    {%- for scope in ['company', 'channel', 'region', 'tier', 'owner', 'account'] %}
    select '{{ scope }}' as scope_type {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- Internal accounts stand alone.
in_scopes as (
    select
        placed.*,
        scopes.scope_type,
        case scopes.scope_type
            when 'company' then 'company'
            when 'channel' then placed.channel
            when 'region' then placed.region
            when 'tier' then placed.tier
            when 'owner' then placed.owner_user_id
            when 'account' then placed.account_id
        end as scope_id
    from placed
    cross join scopes
    where scopes.scope_type = 'account' or not placed.is_internal
),

scoped as (
    select
        as_of_date,
        scope_type,
        scope_id,
        {%- for amount in ['beginning', 'ending', 'ending_current'] %}
        {{ money_sum(amount ~ '_amount') }} as {{ amount }}_amount,
        {%- endfor %}
        {%- for step in range(longest_lookback_months()) %}
        {{ money_sum('sales_' ~ step ~ '_amount') }} as sales_{{ step }}_amount,
        {%- endfor %}
        cast(sum(applications_count) as bigint) as applications_count,
        {{ money_sum('applied_amount') }} as applied_amount,
        {{ money_sum('amount_to_pay_days') }} as amount_to_pay_days,
        {{ money_sum('amount_late_days') }} as amount_late_days
    from in_scopes
    group by as_of_date, scope_type, scope_id
),

measured as (
    select
        scoped.*,
        periods.is_month_end,
        periods.is_latest,
        periods.month_start,
        periods.period_from,
        periods.countback_lookback_months,
        {{ days_between('periods.period_from', 'periods.as_of_date') }} + 1 as period_days,
        {{ days_between('periods.simple_lookback_from', 'periods.as_of_date') }} + 1
            as lookback_days,
        {{ sales_of('periods.period_months') }} as credit_sales_amount,
        {{ sales_of('periods.simple_lookback_months') }} as lookback_sales_amount
    from scoped
    inner join periods on periods.as_of_date = scoped.as_of_date
),

{{ walk_back('measured', 'ending_amount') }},

final as (
    select
        as_of_date,
        is_month_end,
        is_latest,
        scope_type,
        scope_id,
        period_from,
        period_days,
        is_month_end as is_period_complete,
        beginning_amount as beginning_receivables_amount,
        credit_sales_amount,
        ending_amount as ending_receivables_amount,
        ending_current_amount,
        case when beginning_amount + credit_sales_amount - ending_current_amount > 0 then
            {{ ratio('beginning_amount + credit_sales_amount - ending_amount',
                'beginning_amount + credit_sales_amount - ending_current_amount') }}
        end as cei,
        {%- for days, amount in [
            ('dso_period_days', 'ending_amount'), ('bpdso_days', 'ending_current_amount'),
            ('add_days', '(ending_amount - ending_current_amount)')
        ] %}
        case when credit_sales_amount > 0 then
            {{ multiply_divide(amount, 'period_days', 'credit_sales_amount') }}
        end as {{ days }},
        {%- endfor %}
        {{ ratio('ending_amount - ending_current_amount', 'ending_amount') }} as overdue_ratio,
        case when lookback_sales_amount > 0 then
            {{ multiply_divide('ending_amount', 'lookback_days', 'lookback_sales_amount') }}
        end as dso_simple_days,
        cast(case
            when not is_owed then 0
            when is_truncated then full_days
            else full_days + {{ multiply_divide('last_remaining_amount', 'last_days',
                'last_sales_amount') }}
        end as decimal(18,2)) as dso_countback_days,
        is_truncated,
        cast(case when is_truncated then last_remaining_amount else 0 end as decimal(18,2))
            as uncovered_amount,
        {%- for days in ['to_pay_days', 'late_days'] %}
        case when applied_amount > 0 then
            {{ multiply_divide('amount_' ~ days, '1', 'applied_amount') }}
        end as {{ days }},
        {%- endfor %}
        applications_count,
        applied_amount
    from walked
)

select * from final
