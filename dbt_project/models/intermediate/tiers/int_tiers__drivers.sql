-- The drivers of the profit change of each negative event: those of its families, and the cost to
-- serve, which belongs to no family.
with changes as (
    select * from {{ ref('int_tiers__changes') }} where is_negative
),

prior_profits as (select * from {{ ref('int_tiers__prior_profits') }}),

families as (select * from {{ ref('int_tiers__family_changes') }}),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

events as (
    select
        changes.effective_date,
        changes.tier_unit_id,
        changes.epoch_date,
        prior_profits.cost_to_serve_prior_amount
    from changes
    inner join prior_profits
        on prior_profits.effective_date = changes.effective_date
        and prior_profits.tier_unit_id = changes.tier_unit_id
    where changes.measure_used = 'contribution_profit'
    group by
        changes.effective_date,
        changes.tier_unit_id,
        changes.epoch_date,
        prior_profits.cost_to_serve_prior_amount
),

costs as (
    select
        events.effective_date,
        events.tier_unit_id,
        events.cost_to_serve_prior_amount,
        {{ money_sum('account_windows.cost_to_serve_amount') }} as cost_to_serve_amount
    from events
    inner join units
        on units.epoch_date = events.epoch_date and units.tier_unit_id = events.tier_unit_id
    left join account_windows
        on account_windows.account_id = units.account_id
        and account_windows.month_end = events.effective_date
    where not units.is_internal
    group by events.effective_date, events.tier_unit_id, events.cost_to_serve_prior_amount
),

final as (
    {%- for driver in ['volume', 'list_price', 'discount', 'unit_cost', 'lost_product',
        'new_product', 'unexplained'] %}
    select
        effective_date,
        tier_unit_id,
        '{{ driver }}' as driver,
        {{ money_sum(driver ~ '_amount') }} as driver_amount,
        {%- if driver in ['list_price', 'discount'] %}
        max(case when is_list_price_imputed then 1 else 0 end) = 1 as is_list_price_imputed
        {%- else %}
        false as is_list_price_imputed
        {%- endif %}
    from families
    group by effective_date, tier_unit_id
    union all
    {%- endfor %}
    select
        effective_date,
        tier_unit_id,
        'cost_to_serve' as driver,
        cast(cost_to_serve_prior_amount - cost_to_serve_amount as decimal(18,2)) as driver_amount,
        false as is_list_price_imputed
    from costs
)

select * from final
