-- R3: the best margin after financing and the best return on receivables are number one, and who
-- has more stands before. Red by a channel that is ranked before a better one.
with channels as (select * from {{ ref('channel_collections') }})

select
    better.month_end,
    better.channel as better_channel,
    worse.channel as worse_channel
from channels as better
inner join channels as worse on worse.month_end = better.month_end
where (
    (better.margin_rank < worse.margin_rank)
    = (better.margin_after_financing_ratio > worse.margin_after_financing_ratio)
    and (better.return_rank < worse.return_rank)
    = (better.return_on_receivables_ratio > worse.return_on_receivables_ratio)
) is false
