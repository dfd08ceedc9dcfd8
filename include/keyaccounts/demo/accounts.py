"""The accounts: groups, sizes, lifecycles, prices and habits of payment, as table acc."""

from __future__ import annotations

import duckdb

from keyaccounts.demo.spec import Spec

MEAN_MONTHLY_REVENUE = 60_000  # base currency
SIZE_SIGMA = 1.5  # lognormal: about a quarter of the accounts makes 80 % of the profit
SHARE_FROM_START = 0.6
HEAD_EVERY = 20

# Step 1: what an account is. Groups hang under heads (every 20th account); a branch of a branch
# makes depth 3. Old records and sharers of a tax id point at a head with a smaller number.
_SHAPE = """
create table shape as
with n as (
    select
        t.no::int as no,
        s.role,
        case when s.no is not null then 'story'
            when t.no = {accounts} or (t.no = {accounts} - 1 and {accounts} >= 200) then 'internal'
            else 'base' end as kind
    from range(1, {accounts} + 1) t(no) left join story s using (no)
), k as (
    select *,
        case when kind <> 'base' then 'alone'
            when no % {head_every} = 1 then 'head'
            when u('shape', no) < 0.12 then 'branch'
            when u('shape', no) < 0.15 then 'twig'
            when u('shape', no) < 0.157 then 'merged'
            when u('shape', no) < 0.165 then 'twin'
            else 'alone' end as form
    from n
), heads as (
    select no as head_no, row_number() over (order by no) as place from k where form = 'head'
), branches as (
    select no as branch_no, row_number() over (order by no) as place from k where form = 'branch'
), ranked as (
    select *, (select count(*) from branches) as branches,
        sum((form = 'head')::int) over (order by no) as heads_below,
        (select count(*) from heads) as heads
    from k
)
select r.no, r.role, r.kind, r.form, h.head_no, b.branch_no
from ranked r
left join heads h on h.place = 1 + floor(u('head', r.no)
    * case when r.form in ('merged', 'twin') then r.heads_below else r.heads end)
    and r.form in ('branch', 'twig', 'merged', 'twin')
left join branches b on r.form = 'twig' and b.place = 1 + floor(u('branch', r.no) * r.branches)
order by r.no
"""

# Step 2: how it behaves. start_month is the first month with
# purchases; none from stop_month until back_month; -1 / 9999 mean before / after the data.
_ACCOUNTS = """
create table acc as
with owners as (
    select no as owner_no, row_number() over (order by no) as place, count(*) over () as n
    from users where kind = 'owner' and deactivated_on is null
), life as (
    select *,
        case when no = 1 then -1
            when kind = 'story' or u('prospect', no) < 0.03 then 9999
            when form = 'merged' or u('start', no) < {from_start} then -1
            else 1 + floor(u('start month', no) * ({months} - 1))::int end as start_month
    from shape
), ends as (
    select *,
        case when no = 1 or start_month = 9999 then 9999
            when form = 'merged' then ({months} * (0.3 + 0.5 * u('stop', no)))::int
            when u('churn', no) < 0.24
                then greatest(start_month, 0) + 5 + floor(u('stop', no) * {months} * 1.1)::int
            else 9999 end as stop_month
    from life
)
select
    e.no, e.role, e.kind, e.form, start_month, stop_month,
    case when stop_month < 9999 and form <> 'merged' and u('back', e.no) < 0.3
        then stop_month + 13 + floor(u('pause', e.no) * 9)::int else 9999 end as back_month,
    coalesce(branch_no, case when form in ('branch', 'twig') then head_no end) as parent_no,
    coalesce(s.merged_no, case when form = 'merged' then head_no end) as merged_no,
    coalesce(s.tax_no, case when form = 'twin' then head_no else e.no end) as tax_no,
    {revenue} * exp({sigma} * least(4, greatest(-3, normal('size', e.no))) - {sigma} * {sigma} / 2)
        * case when form in ('branch', 'twig') then 0.5 when kind = 'internal' then 0.6 else 1 end
        as size,
    0.08 + 0.13 * normal('growth', e.no) as growth,
    case when u('loss', e.no) < 0.03 then 0.40 else 0.03 + 0.11 * u('discount', e.no) end
        as discount,
    (die('family', e.no, 12))::int as family_0,
    [1, 5, 7, 11][1 + die('family step', e.no, 4)] as family_step,
    2 + (die('family count', e.no, 5))::int as families,
    coalesce(s.channel, case when u('channel', e.no) < 0.45 then 'direct'
        when u('channel', e.no) < 0.72 then 'dealer'
        when u('channel', e.no) < 0.86 then 'online' else 'offline' end) as sales_channel,
    case when kind <> 'base' or u('money', e.no) < 0.86 then 'CNY'
        when u('money', e.no) < 0.93 then 'USD'
        when u('money', e.no) < 0.97 then 'EUR' else 'JPY' end as currency,
    case currency when 'CNY' then 1.0 when 'USD' then 7.10 when 'EUR' then 7.70
        else 0.048 end::double
        as price_rate,
    coalesce(s.terms, [30, 30, 45, 60, 60, 90][1 + die('terms', e.no, 6)]) as pay_terms,
    coalesce(s.late_days, case sales_channel when 'direct' then 4 when 'dealer' then 12
        when 'offline' then 2 else -pay_terms + 3 end + case when u('bad payer', e.no) < 0.05
            then 45
        else (8 * normal('late', e.no))::int end)::int as late_days,
    s.late_days is not null as is_steady_payer,
    s.apply_lag,
    1 + (die('payday', e.no, 5))::int as payday,
    case when s.no is not null then coalesce(s.owner_no, o.owner_no)
        when u('no owner', e.no) < 0.01 then null
        when u('no owner', e.no) < 0.025 then coalesce(
            (select min(no) from users where kind = 'owner' and deactivated_on is not null),
                o.owner_no)
        else o.owner_no end as owner_no,
    coalesce(s.created_on, case
        when start_month < 0 then date '{start}' - 30 - (die('known', e.no, 2500))::int
        when start_month < 9999 then least(date '{end}', date '{start}' + to_months(start_month)
            - to_days((21 + die('known', e.no, 50))::int))::date
        else (date '{start}' + (u('known', e.no) * {days} * 0.95)::int)::date end) as created_on,
    coalesce(s.name, ['Hangzhou', 'Suzhou', 'Qingdao', 'Shenzhen', 'Chengdu', 'Wuhan', 'Tianjin',
        'Ningbo', 'Dalian', 'Xiamen', 'Foshan', 'Wuxi'][1 + die('city', e.no, 12)] || ' '
        || ['Golden', 'Bright', 'River', 'Summit', 'Eastern', 'Harmony', 'Jade', 'Northern',
            'Orient',
        'Dragon', 'Pearl', 'Lotus', 'Silver', 'Union', 'Victory', 'Harbour'][1 + die('word', e.no,
            16)]
        || ' ' || ['Machinery', 'Textiles', 'Electronics', 'Automotive Parts', 'Packaging',
            'Chemicals',
        'Food Processing', 'Shipbuilding', 'Mining Equipment', 'Logistics'][1 + die('trade', e.no,
            10)]
        || case when kind = 'internal' then ' (group company)' when form in ('branch', 'twig')
        then ' Branch' when form = 'merged' then ' (old record)' else ' Co., Ltd.' end) as name
from ends e
left join story s on s.no = e.no
left join owners o on o.place = 1 + floor(u('owner', e.no) * o.n)
order by e.no
"""


def build_accounts(con: duckdb.DuckDBPyConnection, spec: Spec) -> None:
    """Create acc; needs story and users."""
    con.execute(_SHAPE.format(accounts=spec.accounts, head_every=HEAD_EVERY))
    con.execute(
        _ACCOUNTS.format(
            months=spec.months,
            start=spec.start,
            end=spec.end,
            days=(spec.end - spec.start).days,
            from_start=SHARE_FROM_START,
            revenue=MEAN_MONTHLY_REVENUE,
            sigma=SIZE_SIGMA,
        )
    )
    # Small accounts buy less often, not only less.
    con.execute("alter table acc add column weight double")
    con.execute("update acc set weight = pow(size, 0.4)")
