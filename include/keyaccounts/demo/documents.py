"""Orders and invoices with their lines, some months at a time.

docs: one row per order; those that reached the customer by the end have an invoice number too.
lines: the lines of the orders of the crowd. Story documents get theirs in `scenes`.
Everything is drawn from hash(seed, document or line), so chunks and threads change nothing.
"""

from __future__ import annotations

from typing import Any

import duckdb

from keyaccounts.demo.engine import scalar
from keyaccounts.demo.spec import MAX_DOCUMENTS_A_MONTH, MEAN_LINES, Progress, Spec

YEARLY_PRICE_RISE = 0.025
CANCELLED, VOID = 0.03, 0.003
LINES_AT_ONCE = 2_000_000
_CALENDAR = "STRUCT(month INT, first DATE, days INT, season DOUBLE, price_level DOUBLE)[]"

_TABLES = """
create table docs (doc_key bigint, account_no int, month int, n int, is_story boolean, lines int,
    order_no int, invoice_no int, order_date date, invoice_date date, is_cancelled boolean,
    is_void boolean);
create table lines (invoice_no int, order_no int, line_no tinyint, account_no int, month smallint,
    is_story boolean, is_cancelled boolean, is_void boolean, order_date date, invoice_date date,
    product_no smallint, quantity decimal(18, 4), list_amount decimal(18, 2),
    net_amount decimal(18, 2), cogs_amount decimal(18, 2));
create table story_docs (account_no int, month int, n int, day int, lines int);
create table calendar (month int, first date, days int, season double, price_level double);
"""

# Demand of the account in the month: present, and growing into it during the first half year.
_ACTIVITY = """
(case when c.month < start_month or (c.month >= stop_month and c.month < back_month) then 0
    when start_month < 0 then 1 else least(1, 0.5 + 0.1 * (c.month - start_month)) end)
"""

_DOCS = """
insert into docs
with crowd as (
    select no as account_no, c.month, no = 1 and c.month = 0 as opens,
        {scale} * weight * season * {activity} as demand
    from acc, calendar c where kind <> 'story' and c.month between {first} and {last}
), counted as (
    select account_no, month, opens, least({most}, greatest(opens::int,
        floor(demand + u('documents', account_no * 512 + month))::int)) as documents
    from crowd where demand > 0
), plain as (
    select account_no, month, unnest(range(documents)) as n, opens and n = 0 as is_first,
        null::int as day, null::int as lines
    from counted
    union all
    select account_no, month, n, false, day, lines
    from story_docs where month between {first} and {last}
), drawn as (
    select p.*, first, days, (account_no::bigint * 512 + month) * 65536 + n as doc_key,
        day is not null as is_story, bits('document', doc_key) as b
    from plain p join calendar using (month)
), dated as (
    select *, first + coalesce(day - 1, if(is_first, 0, floor(piece(b, 0) * days)::int))
        as day_drawn
    from drawn
), shifted as (  -- no invoices on Saturdays and Sundays, but for the very first day
    select *,
        (day_drawn + case when is_story or is_first then 0
            when isodow(day_drawn) = 6 then if(day(day_drawn) = 1, 2, -1)
            when isodow(day_drawn) = 7 then if(day(day_drawn) <= 2, 1, -2) else 0 end)::date
            as invoice_date
    from dated
), final as (
    select *,
        greatest(date '{start}', invoice_date - (2 + floor(piece(b, 1) * 13))::int)::date
            as order_date,
        not is_story and not is_first and piece(b, 3) < {cancelled} as is_cancelled,
        not is_story and not is_first and piece(b, 3) between {cancelled} and {cancelled} + {void}
            as is_void,
        not is_cancelled and invoice_date <= date '{end}' as is_invoiced
    from shifted
    where order_date <= date '{end}'
)
select doc_key, account_no, month, n, is_story,
    coalesce(lines, 1 + floor(5 * pow(piece(b, 2), 1.25))::int),
    {orders} + row_number() over w,
    case when is_invoiced then {invoices} + sum(is_invoiced::int)
        over (w rows unbounded preceding) end,
    order_date, invoice_date, is_cancelled, is_void
from final
window w as (order by invoice_date, doc_key)
order by invoice_date, doc_key
"""

_LINES = """
insert into lines
with launches as (
    select family_no, launch_month from products where slot = 7
), each_line as (
    select d.*, unnest(range(1, d.lines + 1)) as line_no
    from docs d where month between {first} and {last} and not is_story
), drawn as (
    select e.*, a.* exclude (no), price_level,
        bits('line', doc_key * 16 + line_no) as b, bits('line~', doc_key * 16 + line_no) as c,
        (family_0 + family_step * floor(families * pow(piece(b, 0), 1.5))::int) % 12 as family_no,
        floor(8 * pow(piece(b, 1), 1.4))::int as slot_drawn
    from each_line e join acc a on a.no = e.account_no join calendar using (month)
), wanted as (
    select d.*,
        size * exp(growth * month / 12) / ({scale} * weight * {mean_lines})
            * exp((piece(b, 2) + piece(b, 3) + piece(c, 3) - 1.5) - 0.125) as wanted_amount,
        greatest(0, discount + (piece(c, 0) - 0.5) * 0.04) as line_discount
    from drawn d
), priced as (
    select w.*, p.no as product_no, p.cost_ratio,
        round(p.list_price * price_level / price_rate, 2) as price,
        greatest(1, round(wanted_amount / (1 - line_discount) / price_rate / price)) as quantity
    from wanted w
    join launches l using (family_no)
    join products p on p.family_no = w.family_no
        and p.slot = if(w.slot_drawn = 7 and w.month < l.launch_month, 0, w.slot_drawn)
), amounts as (
    select *, round(quantity * price, 2) as list_amount,
        round(quantity * price * (1 - line_discount), 2)::decimal(18, 2) as net_amount
    from priced
)
select invoice_no, order_no, line_no, account_no, month, false, is_cancelled, is_void, order_date,
    invoice_date, product_no, quantity,
    case when piece(c, 2) >= 0.03 then list_amount end,
    net_amount,
    case when piece(c, 1) >= 0.007
        then round(list_amount * cost_ratio * (0.96 + 0.08 * piece(c, 2)), 2) end
from amounts
order by order_no, line_no
"""


def build_documents(
    con: duckdb.DuckDBPyConnection,
    spec: Spec,
    story_docs: list[dict[str, int]],
    progress: Progress,
) -> None:
    """Create docs (of crowd and stories) and lines (of the crowd)."""
    con.execute(_TABLES)
    kind = "STRUCT(account_no INT, month INT, n INT, day INT, lines INT)[]"
    con.execute(f"insert into story_docs select unnest(?::{kind}, recursive := true)", [story_docs])
    days = [_calendar_row(spec, month) for month in range(spec.months + 1)]
    con.execute(f"insert into calendar select unnest(?::{_CALENDAR}, recursive := true)", [days])
    wanted = max(spec.lines - sum(doc["lines"] for doc in story_docs), spec.lines // 3)
    scale = _scale(con, spec, wanted)
    for first, last in month_chunks(spec):
        values = _values(con, spec, scale) | {"first": first, "last": last}
        con.execute(_DOCS.format(**values))
        con.execute(_LINES.format(**values))
        progress(f"orders and invoices of {min(last + 1, spec.months)} of {spec.months} months")


def month_chunks(spec: Spec) -> list[tuple[int, int]]:
    """First and last month of each piece of work; the month after the end only adds open orders."""
    at_once = max(1, LINES_AT_ONCE * spec.months // max(spec.lines, 1))
    return [
        (first, min(first + at_once - 1, spec.months))
        for first in range(0, spec.months + 1, at_once)
    ]


def _calendar_row(spec: Spec, month: int) -> dict[str, Any]:
    return {
        "month": month,
        "first": spec.month_start(month),
        "days": spec.month_end(month).day,
        "season": spec.season(month),
        "price_level": (1 + YEARLY_PRICE_RISE) ** (month // 12),
    }


def _scale(con: duckdb.DuckDBPyConnection, spec: Spec, lines: int) -> float:
    """Documents per unit of weight and month, so that about `lines` lines are invoiced."""
    # Summed as whole numbers: a sum of doubles would depend on the order of the threads.
    demand = scalar(
        con,
        f"""select sum(round(1000 * weight * season * {_ACTIVITY}
            * least(1, greatest(0, date '{spec.end}' - first + 1) / days))::hugeint)::double / 1000
        from acc, calendar c where kind <> 'story'""",
    )
    return float(lines / (MEAN_LINES * (1 - CANCELLED) * max(demand, 1.0)))


def _values(con: duckdb.DuckDBPyConnection, spec: Spec, scale: float) -> dict[str, Any]:
    return {
        "start": spec.start,
        "end": spec.end,
        "scale": scale,
        "activity": _ACTIVITY,
        "most": MAX_DOCUMENTS_A_MONTH,
        "cancelled": CANCELLED,
        "void": VOID,
        "orders": scalar(con, "select coalesce(max(order_no), 0) from docs"),
        "invoices": scalar(con, "select coalesce(max(invoice_no), 0) from docs"),
        "mean_lines": MEAN_LINES,
    }
