"""Users, products, exchange rates and accounts: the tables that everything else rests on.

Leaves users, products, rates, daily_rates and acc in the scratch database. acc has one row per
account with numeric keys and the habits (size, seasons, discount, payment) that later steps use.
"""

from __future__ import annotations

import duckdb

from keyaccounts.demo.cast import cast_rows, owner_left_on, second_left_on, staff
from keyaccounts.demo.spec import Spec

FAMILIES = (
    ("Bearings", 0.56), ("Drives", 0.60), ("Pumps", 0.58), ("Valves", 0.52), ("Sensors", 0.44),
    ("Controllers", 0.48), ("Fasteners", 0.66), ("Hydraulics", 0.59), ("Cables", 0.68),
    ("Lubricants", 0.54), ("Tooling", 0.62), ("Maintenance services", 0.40),
)  # fmt: skip
PRODUCTS_PER_FAMILY = 8
CURRENCIES = (("USD", 7.10), ("EUR", 7.70), ("JPY", 0.048))
DAYS_OF_RATES_BEFORE_DATA = 30

_STORY_COLUMNS = (
    "STRUCT(role VARCHAR, no INT, name VARCHAR, channel VARCHAR, terms INT, late_days INT, "
    "apply_lag INT, owner_no INT, merged_no INT, tax_no INT, created_on DATE)[]"
)

_PRODUCTS = """
create table products as
select
    family_no * {per_family} + slot + 1 as no,
    family_no,
    slot,
    ({families})[family_no + 1] as family,
    ({ratios})[family_no + 1]::double as cost_ratio,
    round(8 + 180 * pow(u('price', family_no * 100 + slot), 2), 2)::double as list_price,
    case when slot = {per_family} - 1
        then least({months} - 1, (({months} * (0.2 + 0.6 * u('launch', family_no)))::int)) end
        as launch_month
from range(12) f(family_no), range({per_family}) s(slot)
"""

_RATES = """
create table rates as
select
    code as currency_code,
    (date '{first}' + (7 * week)::int)::date as rate_date,
    round(level * (1 + 0.035 * sin(2 * pi() * week / 83 + k) + 0.012 * (u('rate',
        week * 8 + k) - 0.5)),
        8)::decimal(18, 8) as rate_to_base
from (values {currencies}) c(k, code, level), range(10000) w(week)
where date '{first}' + (7 * week)::int <= date '{end}'
"""

# Every day has the newest rate on or before it. Wide, because a product of two decimals of 18
# digits is one of 18 digits again: it overflows above 100 million.
_DAILY_RATES = """
create table daily_rates as
select r.currency_code, (r.rate_date + d.i::int)::date as day,
    r.rate_to_base::decimal(38, 8) as rate_to_base
from rates r, range(7) d(i)
where r.rate_date + d.i::int <= date '{end}'
union all
select 'CNY', day::date, 1 from range(date '{start}', date '{end}' + 1, interval 1 day) t(day)
order by 1, 2
"""

_USERS = """
create table users as
with u as (
    select
        no::int as no,
        case when no = {second_gone} then 'story' when no = 1 then 'director'
            when no < {first_owner} then 'manager'
            when no < {slow_owner} then 'owner' when no < {first_support} then 'story'
            else 'support' end as kind
    from range(1, {total} + 1) t(no)
)
select
    *,
    case when no = {second_gone} then 1 + ({gone_owner} - 2) % {teams}
        when kind in ('owner', 'manager', 'story') then 1 + (no - 2) % {teams} end as team_no,
    case kind when 'director' then 'executive'
        when 'support' then ['technical', 'finance', 'logistics', 'executive'][1 + no % 4]
        else 'sales' end as department,
    case when kind = 'owner' and no > {first_owner} + 1 and u('user left', no) < 0.06
            then (date '{start}' + (u('left on', no) * {days} * 0.9)::int)::date
        when no = {gone_owner} then date '{gone_on}'
        when no = {second_gone} then date '{second_gone_on}' end as deactivated_on,
    ['Wei', 'Fang', 'Na', 'Min', 'Jing', 'Li', 'Qiang', 'Lei', 'Yang', 'Yan', 'Jun', 'Hui', 'Ping',
        'Gang', 'Ling', 'Tao'][1 + die('first name', no, 16)] as first_name,
    ['Wang', 'Li', 'Zhang', 'Liu', 'Chen', 'Yang', 'Huang', 'Zhao', 'Wu', 'Zhou', 'Xu', 'Sun', 'Ma',
        'Zhu', 'Hu', 'Lin'][1 + die('last name', no, 16)] as last_name
from u order by no
"""


def build_population(con: duckdb.DuckDBPyConnection, spec: Spec) -> None:
    """Create users, products, rates, daily_rates and acc."""
    people, days = staff(spec), (spec.end - spec.start).days
    con.execute(
        _PRODUCTS.format(
            per_family=PRODUCTS_PER_FAMILY,
            months=spec.months,
            families=[name for name, _ in FAMILIES],
            ratios=[ratio for _, ratio in FAMILIES],
        )
    )
    first = spec.start.toordinal() - DAYS_OF_RATES_BEFORE_DATA
    dates = {"first": spec.start.fromordinal(first), "end": spec.end, "start": spec.start}
    currencies = ", ".join(
        f"({k}, '{c}', {level}::double)" for k, (c, level) in enumerate(CURRENCIES)
    )
    con.execute(_RATES.format(currencies=currencies, **dates))
    con.execute(_DAILY_RATES.format(**dates))
    con.execute(
        _USERS.format(
            first_owner=people.first_owner,
            slow_owner=people.slow_owner,
            gone_owner=people.gone_owner if spec.has_stories else -1,
            gone_on=owner_left_on(spec),
            second_gone=people.second_gone if spec.has_stories else -1,
            second_gone_on=second_left_on(spec),
            first_support=people.first_support,
            total=people.total,
            teams=people.teams,
            start=spec.start,
            days=days,
        )
    )
    con.execute(
        f"create table story as select unnest(?::{_STORY_COLUMNS}, recursive := true)",
        [cast_rows(spec)],
    )
