"""Credit notes: which documents get one, how much of them, and the negative lines."""

from __future__ import annotations

import duckdb

from keyaccounts.demo.spec import Spec

SHARE = 0.026

# part null: the whole document; else that share of its first line. Applied to the invoice 1 to 20
# days later, or never (applied_on null): then it stands as unapplied credit.
_CREDITS = """
create table credits as
with drawn as (
    select d.*, bits('credit', doc_key) as b from docs d
    where not is_story and not is_cancelled and not is_void and invoice_no is not null
), chosen as (
    select doc_key, invoice_no, order_no, account_no, is_story,
        (invoice_date + (8 + floor(piece(b, 1) * 50))::int)::date as credit_date,
        case when piece(b, 2) >= 0.1 then round(0.1 + 0.5 * piece(b, 2), 2) end as part,
        piece(b, 3) < 0.6 as is_return,
        piece(b, 3) between 0.1 and 0.85 as is_applied
    from drawn where piece(b, 0) < {share}
    union all
    select doc_key, invoice_no, order_no, account_no, is_story,
        (invoice_date + 45)::date, 0.6, true, true
    from docs where is_story and invoice_no is not null and account_no = {returner} and n = {extra}
)
select *, (row_number() over (order by credit_date, doc_key))::int as credit_no,
    case when is_applied then (credit_date + 1 + (die('credit lag', doc_key, 20))::int)::date end
        as applied_on
from chosen where credit_date <= date '{end}'
order by credit_no
"""

_CREDIT_LINES = """
insert into credit_lines
select c.credit_no, l.line_no, l.account_no, c.credit_date, c.is_return, l.product_no,
    -case when part is null then l.quantity else round(l.quantity * part, 4) end,
    -case when part is null then l.list_amount else round(l.list_amount * part, 2) end,
    -case when part is null then l.net_amount else round(l.net_amount * part, 2) end,
    -case when part is null then l.cogs_amount else round(l.cogs_amount * part, 2) end
from lines l join credits c on c.order_no = l.order_no
where c.is_story = {is_story} and (c.part is null or l.line_no = 1)
order by 1, 2
"""

_TABLE = """
create table credit_lines (credit_no int, line_no tinyint, account_no int, credit_date date,
    is_return boolean, product_no smallint, quantity decimal(18, 4), list_amount decimal(18, 2),
    net_amount decimal(18, 2), cogs_amount decimal(18, 2))
"""


def build_credits(con: duckdb.DuckDBPyConnection, spec: Spec, returner: int, extra: int) -> None:
    """Create credits, and credit_lines of the crowd.

    `returner` is the story account that sends back document number `extra` of a month.
    """
    con.execute(_CREDITS.format(share=SHARE, end=spec.end, returner=returner, extra=extra))
    con.execute(_TABLE)
    add_credit_lines(con, is_story=False)


def add_credit_lines(con: duckdb.DuckDBPyConnection, *, is_story: bool) -> None:
    """Fill credit_lines of the crowd or of the stories; their lines must exist."""
    con.execute(_CREDIT_LINES.format(is_story=is_story))
