-- Nothing is left out: what a month-end came to when first published and what is listed give what
-- it comes to now, in revenue, in profit and in the number of units of each tier.
-- Red by a restatement that is left out, or by a change of tier that is left out.
with first_published as (select * from {{ source('landing', 'first_published') }}),

tiers as (
    select * from {{ ref('account_tiers') }}
    where month_end in (select month_end from {{ source('landing', 'first_published') }})
),

restated as (select * from {{ ref('restatements') }}),

-- What was counts as plus, what is now as minus.
parts as (
    select month_end, 'net_revenue' as what, net_revenue_amount as amount from first_published
    union all
    select month_end, 'profit', profit_amount from first_published
    union all
    select month_end, tier, 1 from first_published
    union all
    select month_end, measure, difference_amount from restated
    where measure <> 'tier'
    union all
    select month_end, first_value, -1 from restated
    where measure = 'tier' and first_value <> 'none'
    union all
    select month_end, current_value, 1 from restated
    where measure = 'tier' and current_value <> 'none'
    union all
    select month_end, 'net_revenue', -ttm_net_revenue_amount from tiers
    union all
    select month_end, 'profit', -ttm_profit_amount from tiers
    union all
    select month_end, tier, -1 from tiers
)

select month_end, what, sum(amount) as unexplained_amount
from parts
group by month_end, what
having (sum(amount) = 0) is not true
