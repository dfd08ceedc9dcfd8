with turnover as (select * from {{ ref('int_owners__turnover') }}),

peers as (select * from {{ ref('int_owners__peers') }}),

known as (
    select
        account_id,
        min(stated_on) as known_from
    from {{ ref('int_owners__statements') }}
    group by account_id
),

starts as (select * from {{ ref('int_identity__account_starts') }}),

bounds as (
    select
        as_of_date,
        {{ year_from('as_of_date', -24) }} as window_start
    from {{ ref('int_calendar__bounds') }}
),

final as (
    select
        bounds.as_of_date,
        turnover.account_id,
        turnover.changed_date,
        turnover.change_type,
        turnover.former_owner_user_id,
        turnover.new_owner_user_id,
        turnover.team,
        turnover.tier,
        turnover.is_single_threaded_before,
        turnover.profit_amount as ttm_profit_amount,
        turnover.profit_at_risk_amount,
        count(*) over (partition by turnover.account_id) as owner_changes_count,
        turnover.is_mass_departure,
        case when turnover.before_net_amount > 0 then
            {{ ratio('turnover.after_net_amount', 'turnover.before_net_amount') }}
        end as retained_12m_ratio,
        {{ ratio('peers.after_net_amount', 'peers.before_net_amount') }}
            as peer_retained_12m_ratio,
        known.known_from <= greatest({{ add_days('bounds.window_start', 1) }}, starts.exists_from)
            as is_history_complete
    from turnover
    cross join bounds
    inner join known on known.account_id = turnover.account_id
    inner join starts on starts.account_id = turnover.account_id
    left join peers
        on peers.month_end = turnover.month_end_before and peers.tier = turnover.tier
    where turnover.changed_date > bounds.window_start
)

select * from final
