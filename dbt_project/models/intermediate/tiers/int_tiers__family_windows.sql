-- For each negative event with a known prior window: what each product family sold and earned in
-- both windows. `split_` columns hold the lines with product and quantity, the rest cannot be split
-- into price and volume.
with changes as (
    select * from {{ ref('int_tiers__changes') }} where is_negative
),

prior_profits as (select * from {{ ref('int_tiers__prior_profits') }}),

months as (select * from {{ ref('int_calendar__month_ends') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

line_groups as (select * from {{ ref('int_revenue__line_groups') }}),

cost_ratios as (select * from {{ ref('int_revenue__cost_ratios') }}),

events as (
    select
        changes.effective_date,
        changes.tier_unit_id,
        changes.epoch_date,
        changes.measure_used,
        prior_profits.prior_month_end
    from changes
    inner join prior_profits
        on prior_profits.effective_date = changes.effective_date
        and prior_profits.tier_unit_id = changes.tier_unit_id
    group by
        changes.effective_date,
        changes.tier_unit_id,
        changes.epoch_date,
        changes.measure_used,
        prior_profits.prior_month_end
),

windows as (
    select events.*, false as is_current, events.prior_month_end as month_end from events
    union all
    select events.*, true as is_current, events.effective_date as month_end from events
),

of_accounts as (
    select
        windows.effective_date,
        windows.tier_unit_id,
        windows.is_current,
        windows.month_end,
        windows.measure_used,
        units.account_id,
        line_groups.product_family,
        sum(case when line_groups.is_splittable then line_groups.quantity else 0 end) as quantity,
        {{ money_sum('case when line_groups.is_splittable then line_groups.net_amount end') }}
            as split_net_amount,
        {{ money_sum('case when line_groups.is_splittable then line_groups.list_amount end') }}
            as split_list_amount,
        {{ money_sum('case when line_groups.is_splittable then line_groups.unlisted_net_amount end') }}
            as split_unlisted_amount,
        {{ money_sum('case when line_groups.is_splittable then line_groups.unpriced_net_amount end') }}
            as split_unpriced_amount,
        {{ money_sum('case when line_groups.is_splittable then line_groups.cost_amount end') }}
            as split_cost_amount,
        {{ money_sum('case when line_groups.is_splittable
            then line_groups.net_amount - line_groups.costed_net_amount end') }}
            as split_uncosted_amount,
        {{ money_sum('line_groups.net_amount') }} as net_amount,
        {{ money_sum('line_groups.cost_amount') }} as cost_amount,
        {{ money_sum('line_groups.net_amount - line_groups.costed_net_amount') }}
            as uncosted_amount,
        max(line_groups.last_sold_date) as last_sold_date
    from windows
    inner join months on months.month_end = windows.month_end
    inner join units
        on units.epoch_date = windows.epoch_date and units.tier_unit_id = windows.tier_unit_id
    inner join line_groups
        on line_groups.account_id = units.account_id
        and line_groups.month_start >= months.window_from
        and line_groups.month_start <= months.month_start
    where not units.is_internal
    group by
        windows.effective_date,
        windows.tier_unit_id,
        windows.is_current,
        windows.month_end,
        windows.measure_used,
        units.account_id,
        line_groups.product_family
),

-- The cost of lines without one is rounded by account and family, as in the windows of accounts.
costed as (
    select
        of_accounts.*,
        case when of_accounts.measure_used = 'net_revenue' then 0 else
            of_accounts.cost_amount + coalesce({{ multiply_divide('of_accounts.uncosted_amount',
                'cost_ratios.ratio_cost_amount', 'cost_ratios.ratio_net_amount') }}, 0)
        end as full_cost_amount,
        case when of_accounts.measure_used = 'net_revenue' then 0 else
            of_accounts.split_cost_amount
            + coalesce({{ multiply_divide('of_accounts.split_uncosted_amount',
                'cost_ratios.ratio_cost_amount', 'cost_ratios.ratio_net_amount') }}, 0)
        end as split_full_cost_amount
    from of_accounts
    left join cost_ratios
        on cost_ratios.month_end = of_accounts.month_end
        and cost_ratios.product_family = of_accounts.product_family
),

final as (
    select
        effective_date,
        tier_unit_id,
        product_family,
        {%- for side, flag in [('prior', 'not is_current'), ('current', 'is_current')] %}
        max(case when {{ flag }} then 1 else 0 end) = 1 as is_in_{{ side }},
        cast(sum(case when {{ flag }} then quantity else 0 end) as decimal(18,4))
            as {{ side }}_quantity,
        {{ money_sum('case when ' ~ flag ~ ' then split_net_amount end') }}
            as {{ side }}_split_net_amount,
        {{ money_sum('case when ' ~ flag ~ ' then split_list_amount end') }}
            as {{ side }}_split_list_amount,
        {{ money_sum('case when ' ~ flag ~ ' then split_full_cost_amount end') }}
            as {{ side }}_split_cost_amount,
        {{ money_sum('case when ' ~ flag ~ ' then net_amount - full_cost_amount end') }}
            as {{ side }}_profit_amount,
        {%- endfor %}
        sum(split_unpriced_amount) > 0 as has_unpriced,
        sum(split_unlisted_amount) > 0 as has_unlisted,
        max(last_sold_date) as last_sold_date
    from costed
    group by effective_date, tier_unit_id, product_family
)

select * from final
