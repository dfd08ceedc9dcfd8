"""The receivables control account: net receivables at booked rates, on month-ends and at the end.

Every document gives dated changes; their running sum is the balance. What is counted:
an invoice at the rate of its date minus its applications at that rate, nothing once it is settled;
minus receipts not applied (surplus of an over-application included) at the rate of the receipt;
minus credit notes not applied at theirs. Void documents count until they are voided.
"""

from __future__ import annotations

import duckdb

from keyaccounts.demo.spec import Spec

_CHANGES = """
create table changes as
with invoice as (
    select i.invoice_no, i.invoice_date, i.gross_amount, d.rate_to_base as rate,
        round(i.gross_amount * d.rate_to_base, 2) as booked
    from invoices i join acc a on a.no = i.account_no
    join daily_rates d on d.currency_code = a.currency and d.day = i.invoice_date
    where not i.is_void
), voided as (
    select i.invoice_date, least(date '{end}', i.invoice_date + 5)::date as voided_on,
        round(i.gross_amount * d.rate_to_base, 2) as booked
    from invoices i join acc a on a.no = i.account_no
    join daily_rates d on d.currency_code = a.currency and d.day = i.invoice_date
    where i.is_void
), settled as (
    select a.*, i.gross_amount, i.booked,
        sum(a.amount) over w as upto, sum(round(a.amount * i.rate, 2)) over w as booked_upto
    from applications a join invoice i using (invoice_no)
    window w as (partition by invoice_no order by applied_on, application_id
        rows unbounded preceding)
), steps as (
    select *, if(upto >= gross_amount, 0, booked - booked_upto) as left_open,
        greatest(0, least(amount, upto - gross_amount)) as surplus
    from settled
), opened as (
    select *, lag(left_open, 1, booked) over (partition by invoice_no
        order by applied_on, application_id) as open_before
    from steps
), paid as (
    select p.*, d.rate_to_base as rate from payments p
    join daily_rates d on d.currency_code = p.currency and d.day = p.received_on
), credited as (
    select credit_date, applied_on, round(c.gross_amount * d.rate_to_base, 2) as booked
    from credit_notes c join acc a on a.no = c.account_no
    join daily_rates d on d.currency_code = a.currency and d.day = c.credit_date
), change as (
    select invoice_date as day, booked as amount from invoice
    union all select invoice_date, booked from voided
    union all select voided_on, -booked from voided
    union all select applied_on, left_open - open_before from opened
    union all select received_on, -round(amount * rate, 2) from paid
    union all select applied_on,
        round(amount * rate, 2) - round((amount - applied_amount) * rate, 2) from paid
        where applied_on is not null
    union all select applied_on, -round(surplus * p.rate, 2) from opened o
        join (select payment_id, rate from paid) p on p.payment_id = o.source_id where surplus > 0
    union all select credit_date, booked from credited
    union all select applied_on, -booked from credited where applied_on is not null
)
select day, sum(amount)::decimal(38, 2) as amount from change where day <= date '{end}' group by day
order by day
"""

_BALANCES = """
create table balances as
select b.day as balance_date, coalesce(sum(c.amount), 0)::decimal(18, 2) as receivables_amount
from (select unnest(?::date[]) as day) b left join changes c on c.day <= b.day
group by b.day order by b.day
"""


def build_ledger(con: duckdb.DuckDBPyConnection, spec: Spec) -> None:
    """Create balances; needs invoices, credit_notes, payments, applications and daily_rates."""
    con.execute(_CHANGES.format(end=spec.end))
    days = {spec.month_end(month) for month in range(spec.last_month + 1)} | {spec.end}
    con.execute(_BALANCES, [sorted(days)])
