-- I9, I43: the channels of a month-end add up to the receivables of all external accounts, and from
-- the first tiers on to the revenue of all units.
-- Red by a channel that was lost, or by revenue of a channel that no unit has.
with channels as (
    select
        month_end,
        sum(gross_open_amount) as gross_open_amount,
        sum(ttm_net_revenue_amount) as net_revenue_amount
    from {{ ref('channel_collections') }}
    group by month_end
),

aging as (
    select
        as_of_date as month_end,
        sum(gross_open_amount) as gross_open_amount
    from {{ ref('receivables_aging') }}
    where is_month_end and not is_internal
    group by as_of_date
),

tiers as (
    select
        month_end,
        sum(ttm_net_revenue_amount) as net_revenue_amount
    from {{ ref('account_tiers') }}
    group by month_end
)

select
    coalesce(channels.month_end, aging.month_end) as month_end,
    channels.gross_open_amount,
    aging.gross_open_amount as aging_amount,
    channels.net_revenue_amount,
    tiers.net_revenue_amount as tiers_amount
from aging
full outer join channels on channels.month_end = aging.month_end
left join tiers on tiers.month_end = aging.month_end
where (
    channels.gross_open_amount = aging.gross_open_amount
    and (tiers.month_end is null or tiers.net_revenue_amount = channels.net_revenue_amount)
) is not true
