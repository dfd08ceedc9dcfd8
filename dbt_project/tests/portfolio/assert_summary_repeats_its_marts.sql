-- T2, T5, T14, T15: the tiles equal the marts that they are collected from.
-- Red by a unit that is not counted, or by revenue of another month, or by another retention, or by
-- another debt, or by a candidate too many, or by a month-end that is missing.
with summary as (select * from {{ ref('portfolio_summary') }}),

tiers as (
    select
        month_end,
        sum(case when tier = 'A' then 1 else 0 end) as a_units_count,
        sum(case when tier = 'B' then 1 else 0 end) as b_units_count,
        sum(case when tier = 'C' then 1 else 0 end) as c_units_count,
        sum(case when tier = 'NEW' then 1 else 0 end) as new_units_count,
        sum(case when tier = 'INACTIVE' then 1 else 0 end) as inactive_units_count,
        sum(case when is_loss_making then 1 else 0 end) as loss_making_units_count,
        sum(ttm_net_revenue_amount) as revenue_amount,
        sum(ttm_profit_amount) as profit_amount
    from {{ ref('account_tiers') }}
    group by month_end
),

candidates as (
    select
        month_end,
        count(*) as candidates_count
    from {{ ref('quasi_key_accounts') }}
    group by month_end
),

bridges as (
    select * from {{ ref('retention_summary') }}
    where comparison = 'year_over_year' and measure = 'revenue'
),

company as (select * from bridges where scope_type = 'company'),

key_accounts as (select * from bridges where scope_type = 'tier' and scope_id = 'A'),

metrics as (select * from {{ ref('collection_metrics') }} where scope_type = 'company')

select coalesce(summary.month_end, tiers.month_end) as month_end
from summary
full join tiers on tiers.month_end = summary.month_end
left join candidates on candidates.month_end = summary.month_end
left join company on company.month_end = summary.month_end
left join key_accounts on key_accounts.month_end = summary.month_end
left join metrics on metrics.as_of_date = summary.month_end
where summary.month_end is null
    or summary.a_units_count is distinct from tiers.a_units_count
    or summary.b_units_count is distinct from tiers.b_units_count
    or summary.c_units_count is distinct from tiers.c_units_count
    or summary.new_units_count is distinct from tiers.new_units_count
    or summary.inactive_units_count is distinct from tiers.inactive_units_count
    or summary.loss_making_units_count is distinct from tiers.loss_making_units_count
    or summary.ttm_net_revenue_amount is distinct from tiers.revenue_amount
    or summary.ttm_profit_amount is distinct from tiers.profit_amount
    or summary.candidates_count is distinct from coalesce(candidates.candidates_count, 0)
    or summary.nrr is distinct from company.nrr
    or summary.grr is distinct from company.grr
    or summary.a_grr is distinct from key_accounts.grr
    or summary.gross_open_amount is distinct from metrics.ending_receivables_amount
    or summary.dso_countback_days is distinct from metrics.dso_countback_days
    or summary.cei is distinct from metrics.cei
