-- I43: revenue of the tiers = closing book plus credit-only = the documents of the same window.
-- Red by a line that reaches one of the two and not the other.
with bounds as (select * from {{ ref('int_calendar__bounds') }}),

months as (
    select months.* from {{ ref('int_calendar__month_ends') }} as months
    inner join bounds on bounds.last_month_end = months.month_end
    where months.is_bridge_month
),

tiers as (
    select tiers.month_end, sum(tiers.ttm_net_revenue_amount) as amount
    from {{ ref('account_tiers') }} as tiers
    inner join months on months.month_end = tiers.month_end
    group by tiers.month_end
),

bridge as (
    select summary.month_end, sum(summary.closing_ledger_amount) as amount
    from {{ ref('retention_summary') }} as summary
    inner join months on months.month_end = summary.month_end
    where summary.comparison = 'year_over_year'
        and summary.measure = 'revenue'
        and summary.scope_type = 'company'
    group by summary.month_end
),

documents as (
    select months.month_end, sum(line_groups.net_amount) as amount
    from months
    inner join {{ ref('int_revenue__line_groups') }} as line_groups
        on line_groups.month_start >= months.window_from
        and line_groups.month_start <= months.month_start
    inner join {{ ref('int_identity__account_units') }} as units
        on units.epoch_date = months.epoch_date and units.account_id = line_groups.account_id
    where not units.is_internal
    group by months.month_end
)

select months.month_end, tiers.amount, bridge.amount as bridge_amount
from months
left join tiers on tiers.month_end = months.month_end
left join bridge on bridge.month_end = months.month_end
left join documents on documents.month_end = months.month_end
where (
    coalesce(tiers.amount, 0) = coalesce(documents.amount, 0)
    and coalesce(bridge.amount, 0) = coalesce(documents.amount, 0)
) is not true
