-- What was logged between people in the twelve months to a month-end, by digital channels and by visits,
-- and the opportunities won. Months of the company less those of accounts that are internal then.
with months as (select * from {{ ref('int_calendar__month_ends') }} where is_tier_month),

activities as (select * from {{ ref('int_relationships__personal') }}),

opportunities as (
    select * from {{ ref('int_opportunities__external') }}
    where outcome = 'won' and closed_on is not null
),

units as (select * from {{ ref('int_identity__account_units') }}),

channels as ({{ dated_config('digital_channels', 'channel') }}),

account_months as (
    select
        account_id,
        {{ month_start('activity_date') }} as month_start,
        lower(channel) as channel,
        count(*) as touches_count
    from activities
    group by account_id, {{ month_start('activity_date') }}, lower(channel)
),

-- Accounts that are not known at D are nobody's.
known as (select account_id from units group by account_id),

company_months as (
    select
        account_months.month_start,
        account_months.channel,
        sum(account_months.touches_count) as touches_count
    from account_months
    inner join known on known.account_id = account_months.account_id
    group by account_months.month_start, account_months.channel
),

signed as (
    select
        months.month_end,
        company_months.channel,
        company_months.touches_count
    from months
    inner join company_months
        on company_months.month_start >= months.window_from
        and company_months.month_start <= months.month_start
    union all
    select
        months.month_end,
        account_months.channel,
        -account_months.touches_count as touches_count
    from months
    inner join units on units.epoch_date = months.epoch_date and units.is_internal
    inner join account_months
        on account_months.account_id = units.account_id
        and account_months.month_start >= months.window_from
        and account_months.month_start <= months.month_start
),

touches as (
    select
        signed.month_end,
        sum(signed.touches_count) as touches_count,
        sum(case when channels.is_digital then signed.touches_count else 0 end)
            as digital_touches_count,
        sum(case when signed.channel = 'visit' then signed.touches_count else 0 end)
            as visits_count
    from signed
    left join channels
        on channels.channel = signed.channel
        and channels.valid_from <= signed.month_end
        and channels.valid_until > signed.month_end
    group by signed.month_end
),

won as (
    select
        months.month_end,
        count(*) as won_count
    from months
    inner join opportunities
        on opportunities.closed_on >= months.window_from
        and opportunities.closed_on <= months.month_end
    group by months.month_end
),

final as (
    select
        months.month_end,
        cast(coalesce(touches.touches_count, 0) as bigint) as touches_count,
        cast(coalesce(touches.digital_touches_count, 0) as bigint) as digital_touches_count,
        cast(coalesce(touches.visits_count, 0) as bigint) as visits_count,
        cast(coalesce(won.won_count, 0) as bigint) as won_count
    from months
    left join touches on touches.month_end = months.month_end
    left join won on won.month_end = months.month_end
)

select * from final
