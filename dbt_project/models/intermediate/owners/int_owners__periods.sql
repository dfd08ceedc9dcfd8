-- Who owned each account, in periods: an owner who has left is none.
with statements as (select * from {{ ref('int_owners__statements') }}),

starts as (select * from {{ ref('int_identity__account_starts') }}),

departures as (select * from {{ ref('int_owners__departures') }}),

spans as (
    select
        account_id,
        owner_user_id,
        valid_from,
        coalesce(
            lead(valid_from) over (partition by account_id order by valid_from),
            {{ end_of_time() }}
        ) as valid_to
    from statements
),

-- Nobody owns what is not there yet, or after having left.
acting as (
    select
        spans.account_id,
        spans.owner_user_id,
        greatest(spans.valid_from, starts.exists_from) as valid_from,
        least(spans.valid_to, coalesce(departures.left_on, spans.valid_to)) as valid_to
    from spans
    inner join starts on starts.account_id = spans.account_id
    left join departures on departures.user_id = spans.owner_user_id
    where spans.owner_user_id is not null
),

compared as (
    select
        *,
        case
            when lag(owner_user_id) over by_account = owner_user_id
                and lag(valid_to) over by_account = valid_from then 0
            else 1
        end as is_start
    from acting
    where valid_from < valid_to
    window by_account as (partition by account_id order by valid_from)
),

numbered as (
    select
        *,
        sum(is_start) over (
            partition by account_id order by valid_from
            rows between unbounded preceding and current row
        ) as period_number
    from compared
),

final as (
    select
        account_id,
        owner_user_id,
        min(valid_from) as valid_from,
        max(valid_to) as valid_to
    from numbered
    group by account_id, owner_user_id, period_number
)

select * from final
