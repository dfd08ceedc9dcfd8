-- The official ABC tier of every unit at every month-end: cumulative share of positive profit with a
-- band of 0.03 and two month-ends down.
create table marts.account_tiers as
with recursive bought as (
    select account_id, min(first_purchase_date) as first_purchase_date
    from staging.purchases
    group by account_id
),

seen as (
    select account_id, min(month_start) as first_month from staging.sales group by account_id
),

units as (
    select
        accounts.tier_unit_id,
        min(coalesce(least(accounts.created_on, seen.first_month), date '1900-01-01')) as exists_from,
        min(bought.first_purchase_date) as first_purchase_date
    from staging.accounts
    left join seen using (account_id)
    left join bought using (account_id)
    where not accounts.is_internal
    group by accounts.tier_unit_id
),

purchase_months as (
    select accounts.tier_unit_id, months.month_end, count(distinct purchases.month_start) as months
    from staging.purchases
    join staging.accounts using (account_id)
    join staging.months
        on purchases.month_start between months.window_from and months.month_start
    where not accounts.is_internal and months.is_tier_month
    group by all
),

sums as (
    select
        windows.month_end,
        accounts.tier_unit_id,
        sum(windows.lines_count) as lines_count,
        sum(windows.net_amount) as net_amount,
        sum(windows.profit_amount) as profit_amount,
        sum(windows.absolute_amount) as absolute_amount,
        sum(windows.absolute_costed_amount) as absolute_costed_amount
    from staging.windows
    join staging.accounts using (account_id)
    where not accounts.is_internal
    group by all
),

measures as (select month_end, any_value(measure_used) as measure_used from staging.windows group by all),

evaluated as (
    select
        months.month_end,
        months.month_number,
        units.tier_unit_id,
        accounts.channel,
        coalesce(sums.lines_count, 0) as lines_count,
        coalesce(sums.net_amount, 0) as net_amount,
        coalesce(sums.profit_amount, 0) as profit_amount,
        sums.absolute_amount,
        sums.absolute_costed_amount,
        measures.measure_used,
        purchase_months.months as purchase_months,
        case when sums.lines_count > 0 and units.first_purchase_date <= months.month_end
            then months.month_end - units.first_purchase_date end as tenure_days
    from staging.months
    join units on units.exists_from <= months.month_end
    join staging.accounts on accounts.account_id = units.tier_unit_id
    join measures on measures.month_end = months.month_end
    left join sums
        on sums.month_end = months.month_end and sums.tier_unit_id = units.tier_unit_id
    left join purchase_months
        on purchase_months.month_end = months.month_end
        and purchase_months.tier_unit_id = units.tier_unit_id
    where months.is_tier_month
),

ranked as (
    select
        *,
        greatest(profit_amount, 0) as positive_amount,
        rank() over by_profit as profit_rank,
        count(*) over (partition by month_end) as units_count,
        sum(greatest(profit_amount, 0)) over (partition by month_end) as total_amount,
        -- Ties share what is before them.
        coalesce(sum(greatest(profit_amount, 0)) over (
            partition by month_end order by profit_amount desc groups between unbounded preceding
            and 1 preceding
        ), 0) as before_amount,
        sum(greatest(profit_amount, 0)) over (partition by month_end, channel)
            as channel_total_amount,
        coalesce(sum(greatest(profit_amount, 0)) over (
            partition by month_end, channel order by profit_amount desc
            groups between unbounded preceding and 1 preceding
        ), 0) as channel_before_amount
    from evaluated
    where lines_count > 0
    window by_profit as (partition by month_end order by profit_amount desc)
),

rated as (
    select
        evaluated.*,
        ranked.profit_rank,
        ranked.units_count,
        ranked.total_amount,
        ranked.positive_amount,
        case when evaluated.profit_amount > 0 then ranked.before_amount else ranked.total_amount end
            as before_amount,
        case
            when ranked.tier_unit_id is null then 'INACTIVE'
            when evaluated.profit_amount <= 0 then 'C'
            when ranked.before_amount < ranked.total_amount * 0.80 then 'A'
            when ranked.before_amount < ranked.total_amount * 0.95 then 'B'
            else 'C'
        end as raw_tier,
        case
            when ranked.tier_unit_id is null then 'INACTIVE'
            when evaluated.tenure_days < 90 then 'NEW'
            when evaluated.profit_amount <= 0 then 'C'
            when ranked.channel_before_amount < ranked.channel_total_amount * 0.80 then 'A'
            when ranked.channel_before_amount < ranked.channel_total_amount * 0.95 then 'B'
            else 'C'
        end as tier_in_channel
    from evaluated
    left join ranked using (month_end, tier_unit_id)
),

steps as (
    select
        *,
        if(raw_tier <> 'INACTIVE' and tenure_days < 90, 'NEW', raw_tier) as evaluated_tier,
        before_amount >= total_amount * 0.83 as is_below_a,
        before_amount >= total_amount * 0.98 as is_below_b,
        profit_amount > 0 and before_amount < total_amount * 0.77 as is_above_b,
        profit_amount > 0 and before_amount < total_amount * 0.92 as is_above_c,
        lag(month_number) over (partition by tier_unit_id order by month_number)
            is distinct from month_number - 1 as is_first
    from rated
),

states as (
    select month_number, tier_unit_id, evaluated_tier as tier, 0 as streak
    from steps
    where is_first
    union all
    select
        steps.month_number,
        steps.tier_unit_id,
        case
            when steps.evaluated_tier in ('NEW', 'INACTIVE') then steps.evaluated_tier
            when states.tier in ('NEW', 'INACTIVE') then steps.raw_tier
            when (states.tier = 'A' and steps.is_below_a) or (states.tier = 'B' and steps.is_below_b)
                then if(states.streak = 1, steps.raw_tier, states.tier)
            when states.tier <> 'A' and steps.is_above_b then 'A'
            when states.tier = 'C' and steps.is_above_c then 'B'
            else states.tier
        end,
        case
            when steps.evaluated_tier not in ('NEW', 'INACTIVE') and states.streak = 0 and (
                (states.tier = 'A' and steps.is_below_a) or (states.tier = 'B' and steps.is_below_b)
            ) then 1
            else 0
        end
    from states
    join steps
        on steps.tier_unit_id = states.tier_unit_id
        and steps.month_number = states.month_number + 1
)

select
    steps.month_end,
    steps.tier_unit_id,
    cast(steps.net_amount as decimal(18,2)) as ttm_net_revenue_amount,
    cast(steps.profit_amount as decimal(18,2)) as ttm_profit_amount,
    steps.measure_used,
    cast(coalesce(steps.absolute_costed_amount, 0) / nullif(steps.absolute_amount, 0)
        as decimal(18,6))
        as cost_coverage_ratio,
    cast(steps.positive_amount / nullif(steps.total_amount, 0) as decimal(18,6))
        as profit_share_ratio,
    cast(steps.before_amount / nullif(steps.total_amount, 0) as decimal(18,6))
        as cum_share_before_ratio,
    steps.profit_rank,
    steps.tenure_days,
    steps.raw_tier,
    steps.evaluated_tier,
    states.tier,
    states.streak as down_streak_count,
    states.tier in ('A', 'B') and steps.evaluated_tier in ('B', 'C')
        and steps.raw_tier > states.tier as is_at_risk,
    steps.profit_amount < 0 as is_loss_making,
    coalesce(steps.raw_tier in ('A', 'B') and steps.purchase_months = 1, false) as is_one_off_bulk,
    case
        when steps.raw_tier = 'INACTIVE' then null
        when steps.profit_amount < 0 then 'C'
        when steps.profit_rank <= 0.2 * steps.units_count then 'A'
        when steps.profit_rank <= 0.9 * steps.units_count then 'B'
        else 'C'
    end as count_rule_tier,
    steps.tier_in_channel
from steps
join states using (tier_unit_id, month_number);
