-- The twelve indices of a scope are those of one history, and their mean is 1.
-- Red by a calendar month that is missing, or by an index too high, or by a month of another history, or by an index that is unknown alone.
select
    month_end,
    scope_type,
    scope_id
from {{ ref('seasonality') }}
group by month_end, scope_type, scope_id
having (
    count(*) = 12
    and min(months_of_history_count) = max(months_of_history_count)
    and count(seasonal_index) in (0, 12)
    and abs(coalesce(sum(seasonal_index), 12) - 12) <= 0.000012
) is not true
