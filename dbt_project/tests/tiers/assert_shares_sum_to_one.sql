-- I15: the shares of positive profit add up to 1, but for the rounding of each.
-- Red by a unit that is counted twice.
select month_end, sum(profit_share_ratio) as share_ratio, count(profit_share_ratio) as units_count
from {{ ref('account_tiers') }}
group by month_end
having (
    (sum(profit_share_ratio) is null and coalesce(max(ttm_profit_amount), 0) <= 0)
    or abs(sum(profit_share_ratio) - 1) <= count(profit_share_ratio) * 0.0000005
) is not true
