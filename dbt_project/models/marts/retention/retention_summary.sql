with movements as (select * from {{ ref('int_retention__movements') }}),

selling_costs as (select * from {{ ref('int_retention__selling_costs') }}),

-- From when on visits and calls have rates: all of those two that have one at all.
kinds as (
    select
        kind,
        min(valid_from) as rated_from
    from {{ ref('cost_to_serve_rates') }}
    where kind in ('visit', 'call')
    group by kind
),

rates as (select max(rated_from) as rated_from from kinds),

costed as (
    select
        movements.*,
        coalesce(selling_costs.selling_cost_amount, 0) as selling_cost_amount,
        {%- if is_present('crm_activities') %}
        coalesce(rates.rated_from <= movements.closing_from, false) as is_selling_cost_known
        {%- else %}
        false as is_selling_cost_known
        {%- endif %}
    from movements
    left join rates on true
    left join selling_costs
        on selling_costs.month_end = movements.month_end
        and selling_costs.comparison = movements.comparison
        and selling_costs.measure = movements.measure
        and selling_costs.customer_key = movements.customer_key
),

with_scopes as (
    select
        costed.*,
        case
            when first_purchase_date is null then 'unknown'
            when {{ add_months('first_purchase_date', 12) }} > month_end then '0-1'
            when {{ add_months('first_purchase_date', 24) }} > month_end then '1-2'
            when {{ add_months('first_purchase_date', 36) }} > month_end then '2-3'
            when {{ add_months('first_purchase_date', 60) }} > month_end then '3-5'
            when first_purchase_date <= month_end then '5+'
        end as tenure_band
    from costed
),

scoped as (
    {%- for scope, scope_id in [
        ('company', "'company'"), ('channel', 'channel'), ('region', "coalesce(region, 'unknown')"),
        ('tier', "coalesce(tier, 'none')"), ('tenure_band', 'tenure_band'),
        ('owner', "coalesce(owner_user_id, 'none')")
    ] %}
    select
        month_end,
        comparison,
        measure,
        '{{ scope }}' as scope_type,
        {{ scope_id }} as scope_id,
        opening_amount,
        closing_amount,
        movement,
        movement_amount,
        credit_only_amount,
        selling_cost_amount,
        is_selling_cost_known,
        coalesce(movement = 'churn' and exit_type = 'voluntary_by_us', false) as is_voluntary_exit
    from with_scopes
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

sums as (
    select
        month_end,
        comparison,
        measure,
        scope_type,
        scope_id,
        {{ money_sum('opening_amount') }} as opening_amount,
        {%- for movement in ['new', 'won_back', 'expansion', 'contraction', 'churn'] %}
        {{ money_sum("case when movement = '" ~ movement ~ "' then movement_amount end") }}
            as {{ movement }}_amount,
        {%- endfor %}
        {{ money_sum('closing_amount') }} as closing_amount,
        {{ money_sum('credit_only_amount') }} as credit_only_amount,
        {{ money_sum('case when opening_amount > 0 then closing_amount end') }} as kept_amount,
        {{ money_sum('least(opening_amount, closing_amount)') }} as retained_amount,
        sum(case when opening_amount > 0 then 1 else 0 end) as opening_customers_count,
        sum(case when opening_amount > 0 and closing_amount > 0 then 1 else 0 end)
            as kept_customers_count,
        sum(case when movement = 'new' then 1 else 0 end) as new_customers_count,
        sum(case when movement = 'won_back' then 1 else 0 end) as won_back_customers_count,
        -- An exit that we chose does not count against its owner.
        sum(case when movement = 'churn' and not (scope_type = 'owner' and is_voluntary_exit)
            then 1 else 0 end) as churned_customers_count,
        sum(case when is_voluntary_exit and scope_type <> 'owner' then 1 else 0 end)
            as voluntary_exits_count,
        min(case when is_selling_cost_known then 1 else 0 end) = 1 as is_selling_cost_known,
        {%- for movement in ['new', 'won_back'] %}
        {{ money_sum("case when movement = '" ~ movement ~ "' then selling_cost_amount end") }}
            as selling_cost_{{ movement }}_amount
        {{- ',' if not loop.last }}
        {%- endfor %}
    from scoped
    group by month_end, comparison, measure, scope_type, scope_id
),

final as (
    select
        month_end,
        comparison,
        measure,
        scope_type,
        scope_id,
        opening_amount,
        new_amount,
        won_back_amount,
        expansion_amount,
        contraction_amount,
        churn_amount,
        closing_amount,
        credit_only_amount,
        cast(closing_amount + credit_only_amount as decimal(18,2)) as closing_ledger_amount,
        {{ ratio('kept_amount', 'opening_amount') }} as nrr,
        {{ ratio('retained_amount', 'opening_amount') }} as grr,
        {{ ratio('expansion_amount', 'opening_amount') }} as expansion_ratio,
        {{ ratio('kept_customers_count', 'opening_customers_count') }} as logo_retention_ratio,
        {{ ratio('new_amount + won_back_amount + expansion_amount',
            '-(contraction_amount + churn_amount)') }} as quick_ratio,
        {{ ratio('-(contraction_amount + churn_amount)',
            'new_amount + won_back_amount + expansion_amount') }} as leak_ratio,
        {{ ratio('churned_customers_count', 'new_customers_count + won_back_customers_count') }}
            as leak_by_count_ratio,
        cast(opening_customers_count as bigint) as opening_customers_count,
        cast(new_customers_count as bigint) as new_customers_count,
        cast(won_back_customers_count as bigint) as won_back_customers_count,
        cast(churned_customers_count as bigint) as churned_customers_count,
        cast(voluntary_exits_count as bigint) as voluntary_exits_count,
        case when is_selling_cost_known then selling_cost_new_amount end
            as selling_cost_new_amount,
        case when is_selling_cost_known then selling_cost_won_back_amount end
            as selling_cost_won_back_amount,
        case when is_selling_cost_known then
            {{ multiply_divide('selling_cost_new_amount', '1', 'new_customers_count') }}
        end as cost_per_new_customer_amount,
        case when is_selling_cost_known then
            {{ multiply_divide('selling_cost_won_back_amount', '1', 'won_back_customers_count') }}
        end as cost_per_won_back_customer_amount
    from sums
)

select * from final
