-- At a month-end a unit is credited with what its candidate measures say it brought; circles, which
-- the measures count on both sides, are added from the windows.
-- Red by profit that is credited twice, or by profit of another source.
with edges as (select * from {{ ref('int_referrals__edges') }}),

referrals as (select * from {{ ref('referrals') }}),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
),

windows as (
    select * from {{ ref('int_revenue__account_windows') }}
    where month_end = {{ as_of_date() }}
),

on_circles as (
    select
        sources.tier_unit_id,
        coalesce(windows.profit_amount, 0) as profit_amount
    from edges
    inner join units on units.account_id = edges.node
    inner join units as sources on sources.account_id = edges.parent
    left join referrals on referrals.account_id = edges.node
    left join windows on windows.account_id = edges.node
    where referrals.account_id is null and sources.tier_unit_id <> units.tier_unit_id
),

credited as (
    select
        tier_unit_id,
        {{ money_sum('profit_amount') }} as profit_amount
    from (
        select source_tier_unit_id as tier_unit_id, ttm_profit_amount as profit_amount
        from referrals where not is_same_unit
        union all
        select tier_unit_id, profit_amount from on_circles
    ) as parts
    group by tier_unit_id
),

measured as (
    select
        tier_unit_id,
        referred_profit_amount as profit_amount
    from {{ ref('int_candidates__referrals') }}
    where month_end = {{ as_of_date() }} and referred_accounts_count > 0
)

select
    coalesce(credited.tier_unit_id, measured.tier_unit_id) as tier_unit_id,
    credited.profit_amount,
    measured.profit_amount as measured_amount
from credited
full join measured on measured.tier_unit_id = credited.tier_unit_id
where exists (
        select month_end from {{ ref('int_calendar__month_ends') }}
        where month_end = {{ as_of_date() }} and is_tier_month
    )
    and coalesce(credited.profit_amount, 0) <> coalesce(measured.profit_amount, 0)
