"""The figures of the planted stories, computed from the files alone by the rules of semantics.md.

Nothing here is shared with the generator: identity and tiers (3.0, 3.1, rulings 6 to 11),
    the control
account, and the yearly bridge (3.8), each in the most literal form.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

RATE = """if({code} = 'CNY', 1, (select max_by(r.rate_to_base::decimal(38, 8), r.rate_date)
    from erp_exchange_rates r
    where r.currency_code = {code} and r.rate_date <= {day}))"""


@dataclass(frozen=True)
class Event:
    """A tier event of one unit; `month` is the month-end as text."""

    month: str
    kind: str
    before: str
    after: str
    one_off: bool
    own_change: float


def load(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection with one view per file."""
    con = duckdb.connect()
    for file in sorted(folder.glob("*.parquet")):
        con.execute(f"create view {file.stem} as select * from '{file}'")
    return con


def units(con: duckdb.DuckDBPyConnection) -> tuple[dict[str, str], dict[str, str]]:
    """Account -> customer key, account -> tier unit."""
    rows = con.execute(
        "select account_id, parent_account_id, merged_into_account_id, tax_id from crm_accounts"
    ).fetchall()
    parent = {a: p for a, p, _, _ in rows}
    merged = {a: m for a, _, m, _ in rows}
    tax = {a: t for a, _, _, t in rows}

    def end_of(chain: dict[str, str | None], account: str) -> str:
        seen = {account}
        while (following := chain[account]) is not None:
            assert following not in seen, f"a cycle at {account}"
            seen.add(following)
            account = following
        return account

    survivor = {a: end_of(merged, a) for a in parent}
    smallest: dict[str, str] = {}
    for a in sorted(set(survivor.values())):
        smallest.setdefault(tax[a], a)
    customer = {a: smallest[tax[survivor[a]]] for a in parent}
    return customer, {a: end_of(parent, customer[a]) for a in parent}


def profits(con: duckdb.DuckDBPyConnection) -> None:
    """Table unit_month: revenue, profit, purchases and lines per unit and month,
    internal left out.
    """
    customer, unit = units(con)
    con.execute("create table identity (account_id text, customer_key text, unit_id text)")
    con.executemany(
        "insert into identity values (?, ?, ?)", [(a, customer[a], unit[a]) for a in unit]
    )
    con.execute("""
        create table days as select c.currency_code, t.day::date as day from
            (select distinct currency_code from erp_exchange_rates) c,
            (select unnest(generate_series(min(invoice_date), max(invoice_date),
                interval 1 day)) as day
             from erp_invoices) t;
        create table day_rate as select d.*, r.rate_to_base from days d asof
            join erp_exchange_rates r
            on r.currency_code = d.currency_code and r.rate_date <= d.day
    """)
    con.execute("""
        create table money as
        select i.invoice_id, i.account_id, i.document_type, i.invoice_date,
            (date_trunc('month', i.invoice_date) + interval 1 month - interval 1 day)::date
                as month_end,
            product_family, l.net_amount * coalesce(r.rate_to_base, 1)::decimal(38, 8) as net,
            l.cogs_amount * coalesce(r.rate_to_base, 1)::decimal(38, 8) as cogs
        from erp_invoice_lines l join erp_invoices i using (invoice_id)
        join erp_products using (product_id) join crm_accounts a using (account_id)
        left join day_rate r on r.currency_code = i.currency_code and r.day = i.invoice_date
        where i.status = 'posted' and not a.is_internal
    """)
    con.execute("""
        create table unit_month as
        with ratio as (select product_family, sum(cogs) / sum(net) as ratio from money
            where cogs is not null group by product_family)
        select unit_id, month_end, sum(net)::double as revenue,
            sum(net - coalesce(cogs, net * ratio))::double as profit,
            count(distinct if(document_type = 'invoice', invoice_date, null)) as purchases,
            min(if(document_type = 'invoice', invoice_date, null)) as first_purchase
        from money join ratio using (product_family) join identity using (account_id)
        group by unit_id, month_end
    """)


def tier_events(con: duckdb.DuckDBPyConnection, end: str) -> dict[str, list[Event]]:
    """Unit -> events; watch is the first month of a run at risk."""
    rows = con.execute(f"""
        with first as (select min(invoice_date) as day from money),
        ends as (
            select distinct (date_trunc('month', d) + interval 1 month - interval 1 day)::date
                as month_end
            from (select unnest(generate_series((select day from first), date '{end}',
                interval 1 day)) d)
        ), evaluated as (
            select e.month_end from ends e, first where e.month_end <= date '{end}'
                and date_trunc('month', e.month_end) - interval 11 month >= first.day
        ), ttm as (
            select e.month_end, u.unit_id, sum(m.profit) as profit, count(m.unit_id) as months,
                count(*) filter (m.purchases > 0) as purchase_months,
                any_value(u.first_purchase) as first_purchase
            from evaluated e cross join
                (select unit_id, min(first_purchase) as first_purchase, min(month_end) as since
                 from unit_month group by unit_id) u
            left join unit_month m on m.unit_id = u.unit_id and m.month_end <= e.month_end
                and m.month_end > e.month_end - interval 12 month - interval 3 day
                and date_trunc('month', m.month_end) >= date_trunc('month',
                    e.month_end) - interval 11 month
            where u.since <= e.month_end
            group by all
        )
        select month_end, unit_id, coalesce(profit, 0), months, purchase_months,
            month_end - first_purchase as tenure,
            coalesce((select sum(p.profit) from ttm p where p.month_end = t.month_end
                and p.profit > greatest(t.profit, 0)), 0)
            / (select sum(p.profit) from ttm p where p.month_end = t.month_end and p.profit > 0)
        from ttm t order by unit_id, month_end
    """).fetchall()
    history: dict[str, list[tuple[str, float, int, int, int, float]]] = {}
    for month, unit, profit, months, purchases, tenure, share in rows:
        share = share if profit > 0 else 1.0
        history.setdefault(unit, []).append((str(month), profit, months, purchases, tenure, share))
    return {unit: _events(steps) for unit, steps in history.items()}


def _events(steps: list[tuple[str, float, int, int, int, float]]) -> list[Event]:
    events: list[Event] = []
    tier, streak, risky = "", 0, False
    for place, (month, profit, months, _, tenure, share) in enumerate(steps):
        raw = "A" if share < 0.80 else "B" if share < 0.95 else "C"
        before, kind = tier, ""
        own = profit - steps[place - 12][1] if place >= 12 else 0.0
        down = (tier == "A" and share >= 0.83) or (tier == "B" and share >= 0.98)
        if months == 0:
            tier, streak, kind = "INACTIVE", 0, "lapsed"
        elif tenure is not None and tenure < 90:
            tier, streak, kind = "NEW", 0, "first_purchase"
        elif tier in ("", "NEW", "INACTIVE"):
            tier, streak, kind = raw, 0, "reactivated" if tier == "INACTIVE" else "first_rating"
        elif down:
            streak += 1
            if streak == 2:
                tier, streak, kind = raw, 0, "drop"
        else:
            streak = 0
            if tier != "A" and share < 0.77:
                tier, kind = "A", "rise"
            elif tier == "C" and share < 0.92:
                tier, kind = "B", "rise"
        one_off = place > 0 and steps[place - 1][3] == 1 and months == 0
        if tier != before:
            events.append(Event(month, kind, before, tier, one_off, own))
        was, risky = risky, tier in ("A", "B") and raw > tier and months > 0
        if risky and not was:
            events.append(Event(month, "watch", tier, raw, False, own))
    return events


def control_account(con: duckdb.DuckDBPyConnection, day: str) -> float:
    """Net receivables at booked rates on a day, by the definition, from the files."""
    invoice_rate = RATE.format(code="i.currency_code", day="i.invoice_date")
    payment_rate = RATE.format(code="p.currency_code", day="p.received_date")
    rows = con.execute(f"""
        with app as (select * from erp_payment_applications where applied_date <= date '{day}'),
        inv as (
            select i.*, {invoice_rate} as rate from erp_invoices i
            where status = 'posted' and invoice_date <= date '{day}'
        ), pay as (
            select p.*, {payment_rate} as rate
                from erp_payments p where received_date <= date '{day}'
        ), running as (
            select a.*, sum(a.amount) over (partition by invoice_id order by applied_date,
                application_id)
                - gross_amount as over_by
            from app a join inv using (invoice_id)
        ), open as (
            select i.invoice_id, case when gross_amount - coalesce(sum(a.amount), 0) <= 0 then 0
                else round(gross_amount * rate, 2) - coalesce(sum(round(a.amount * rate, 2)),
                    0) end as booked
            from (select * from inv where document_type = 'invoice') i left
                join app a using (invoice_id)
            group by i.invoice_id, gross_amount, rate
        ), cash as (
            select p.payment_id, round(greatest(p.amount - coalesce(sum(a.amount), 0),
                0) * p.rate, 2)
                + coalesce(sum(round(greatest(0, least(a.amount, a.over_by)) * p.rate, 2)), 0)
                    as booked
            from pay p left join running a
                on a.source_document_id = p.payment_id and a.application_type = 'payment'
            group by p.payment_id, p.amount, p.rate
        ), credit as (
            select i.invoice_id, round((-gross_amount - coalesce(sum(a.amount), 0)) * rate, 2)
                as booked
            from (select * from inv where document_type = 'credit_note') i
            left join app a on a.source_document_id = i.invoice_id
                and a.application_type = 'credit_note'
            group by i.invoice_id, gross_amount, rate
        )
        select (select coalesce(sum(booked), 0) from open) - (select coalesce(sum(booked), 0)
            from cash)
            - (select coalesce(sum(booked), 0) from credit)
    """).fetchall()
    return float(rows[0][0])
