"""Invoices, credit notes, payments, applications and the receivables control account.

A payment holds all parts that an account pays on one day; it is applied as a whole, some days
later, or not at all until the end. Whole payments keep the booked balance free of rounding choices.
"""

from __future__ import annotations

import duckdb

from keyaccounts.demo.documents import month_chunks
from keyaccounts.demo.spec import Progress, Spec

VAT = "1.13"
RECENT_DAYS = 150  # a dispute older than that is settled

_INVOICES = """
insert into invoices
with gross as (
    select invoice_no, round(sum(net_amount) * {vat}, 2)::decimal(18, 2) as gross_amount
    from lines where month between {first} and {last} and invoice_no is not null
    group by invoice_no
)
select d.invoice_no, d.doc_key, d.account_no, d.order_no, d.is_story, d.is_void, d.invoice_date,
    g.gross_amount
from docs d join gross g using (invoice_no)
where d.month between {first} and {last} order by d.invoice_no
"""

_CREDIT_NOTES = """
create table credit_notes as
select c.*, g.gross_amount from credits c join (
    select credit_no, round(sum(net_amount) * {vat}, 2)::decimal(18, 2) as gross_amount
    from credit_lines group by credit_no) g using (credit_no)
order by credit_no
"""

# kind: how the invoice is settled. due: what is left to pay after an applied credit note.
_PLANS = """
create table plans as
with drawn as (
    select i.*, a.currency, a.is_steady_payer, a.apply_lag, a.payday,
        i.gross_amount + coalesce(n.gross_amount, 0) as due,
        bits('pay', i.doc_key) as b, bits('pay~', i.doc_key) as c,
        (i.invoice_date + greatest(0, a.pay_terms + a.late_days + case when a.is_steady_payer
            then floor(7 * piece(b, 1)) - 3 else -9 * ln(1 - piece(b, 1)) - 6 end)::int)::date
                as ready_on
    from invoices i
    join acc a on a.no = i.account_no
    left join credit_notes n on n.invoice_no = i.invoice_no and n.applied_on is not null
    where not i.is_void
)
select * exclude (b, c, doc_key, is_void, order_no, ready_on),
    (ready_on + ((payday - isodow(ready_on) + 7) % 7)::int)::date as received_on,
    case when due <= 0 then 'none'
        when is_steady_payer then 'full'
        when piece(b, 0) < 0.0015 then 'bad'
        when piece(b, 0) < 0.006 then 'short'
        when piece(b, 0) < 0.016 and invoice_date > date '{end}' - {recent} then 'dispute'
        when piece(b, 0) between 0.016 and 0.136 then 'partial'
        when piece(b, 0) between 0.136 and 0.137 and currency = 'CNY' then 'over'
        else 'full' end as kind,
    round(due * case kind when 'partial' then 0.3 + 0.4 * piece(b, 2) when 'short' then 0.003
        when 'dispute' then 0.1 + 0.3 * piece(b, 2) when 'over' then 0.05
        when 'bad' then 1 else 0 end, 2)::decimal(18, 2) as aside,
    14 + 7 * floor(7 * piece(b, 3))::int as pause,
    not is_steady_payer and piece(c, 0) < 0.0007 as has_advance
from drawn
"""

# part 1 and 2 share the due amount; part 3 is a receipt applied to an invoice that is settled.
_PARTS = """
create table parts as
with p as (
    select invoice_no, account_no, apply_lag, currency, 1 as part, received_on,
        case when kind = 'over' then due else due - aside end as amount
    from plans where kind not in ('none', 'bad') and due > aside
    union all
    select invoice_no, account_no, apply_lag, currency, if(kind = 'over', 3, 2),
        (received_on + pause)::date, aside
    from plans where kind in ('partial', 'over') and aside > 0
), keyed as (
    select *, account_no::bigint * 100000 + epoch(received_on)::bigint // 86400 as pay_key from p
    where received_on <= date '{end}'
)
select *, (received_on + coalesce(apply_lag, case
        when u('lag', pay_key) < 0.90 then die('lag~', pay_key, 4)
        when u('lag', pay_key) < 0.98 then 4 + die('lag~', pay_key, 12)
        else 20 + die('lag~', pay_key, 41) end::int)::int)::date as applied_on
from keyed
"""

_PAYMENTS = """
create table payments as
select account_no, 'PAY' || lpad(account_no::varchar, 6, '0') || '-' || strftime(received_on,
    '%Y%m%d')
        as payment_id,
    currency, received_on, max(applied_on) as applied_on,
    sum(amount)::decimal(18, 2) as applied_amount,
    (applied_amount + case when currency = 'CNY' and any_value(apply_lag) is null
        and u('round up', pay_key) < 0.004
        then round(100 + 2000 * u('surplus', pay_key), 2) else 0 end)::decimal(18, 2) as amount
from parts group by account_no, currency, received_on, pay_key
union all
select account_no, 'ADV' || lpad(invoice_no::varchar, 8, '0'), currency,
    (invoice_date + 20)::date, null,
    0, round(gross_amount * 0.3, 2)::decimal(18, 2)
from plans where has_advance and gross_amount > 1 and invoice_date + 20 <= date '{end}'
order by payment_id
"""

_APPLICATIONS = """
create table applications as
select 'AP' || lpad(invoice_no::varchar, 8, '0') || '-' || part as application_id, 'payment'
    as kind,
    'PAY' || lpad(account_no::varchar, 6, '0') || '-' || strftime(received_on, '%Y%m%d')
        as source_id,
    invoice_no, applied_on, amount
from parts where applied_on <= date '{end}'
union all
select 'AP' || lpad(invoice_no::varchar, 8, '0') || '-C', 'credit_note', credit_id(credit_no),
    invoice_no, applied_on, -gross_amount
from credit_notes where applied_on <= date '{end}'
union all
select 'AP' || lpad(invoice_no::varchar, 8, '0') || '-W', 'write_off', null, invoice_no, off_on,
    aside
from (
    select *, if(kind = 'bad', invoice_date + 400, received_on + 60)::date as off_on
    from plans where kind in ('bad', 'short') and aside > 0
) where off_on <= date '{end}'
order by application_id
"""


def build_money(con: duckdb.DuckDBPyConnection, spec: Spec, progress: Progress) -> None:
    """Create invoices, credit_notes, plans, payments and applications from the lines."""
    con.execute(
        "create table invoices (invoice_no int, doc_key bigint, account_no int, order_no int, "
        "is_story boolean, is_void boolean, invoice_date date, gross_amount decimal(18, 2))"
    )
    for first, last in month_chunks(spec):
        con.execute(_INVOICES.format(vat=VAT, first=first, last=last))
    con.execute(_CREDIT_NOTES.format(vat=VAT))
    progress("payments")
    for statement in (_PLANS, _PARTS, _PAYMENTS, _APPLICATIONS):
        con.execute(statement.format(end=spec.end, recent=RECENT_DAYS))
