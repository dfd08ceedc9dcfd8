-- An account goes on hold, or near its limit, from another state than that, once a day at most.
-- Red by an account that goes on hold from hold, or by two alerts of one day.
select account_id, effective_date, count(*) as alerts_count
from {{ ref('alert_events') }}
where alert_type in ('credit_watch', 'credit_hold')
group by account_id, effective_date
having (count(*) = 1 and max(case when from_value = to_value then 1 else 0 end) = 0) is not true
