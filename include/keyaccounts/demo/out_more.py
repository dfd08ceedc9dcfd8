"""What version 2 of the source contract added as entities of its own, as views out_<entity>."""

from __future__ import annotations

import duckdb

from keyaccounts.demo.cast import staff
from keyaccounts.demo.spec import Spec

_VIEWS = {
    # What was changed at an account since it was made is who owns it: before, somebody else did.
    "crm_account_history": """
        select account_id(no) as account_id, field, created_on::date as valid_from, value,
            worktime(created_on, no) as updated_at
        from (
            select no, created_on, unnest([
                {{'field': 'owner_user_id', 'value': user_id(if(
                    u('changed', no) < 0.1 and role is null and form <> 'merged',
                    {first_owner} + (owner_no - {first_owner} + 1
                        + die('former owner', no, {owners} - 1)) % {owners}, owner_no)::int)}},
                {{'field': 'payment_terms_days', 'value': pay_terms::varchar}}
            ], recursive := true)
            from acc where u('history', no) < 0.5 or u('changed', no) < 0.1
        ) where value is not null order by no, field""",
    "crm_account_team": """
        select account_id(no) as account_id,
            user_id({first_support} + (no % {support})::int) as user_id,
            greatest(created_on, date '{start}')::date as valid_from,
            if(u('team left', no) < 0.2, greatest(created_on,
                date '{end}' - (die('team left on', no, 300))::int), null)::date as valid_to,
            'technical' as team_role, worktime(greatest(created_on, date '{start}'), no)
                as updated_at
        from acc where size > 50000 and form <> 'merged' order by no""",
    "crm_contact_links": """
        select 'C' || lpad(no::varchar, 6, '0') || '-' || k as from_contact_id,
            'C' || lpad(no::varchar, 6, '0') || '-' || (k + 1) as to_contact_id,
            (die('tie', contact_key, 3) - 1)::int as polarity,
            worktime(created_on, contact_key) as updated_at
        from contacts where k < contacts and u('tied', contact_key) < 0.4 order by no, k""",
    "crm_opportunity_contacts": """
        select opportunity_id, 'C' || substr(account_id, 2) || '-1' as contact_id,
            ['decision_maker', 'user', 'sponsor'][1 + die('buyer', hash(opportunity_id), 3)]
                as role,
            opened_on::timestamp as updated_at
        from out_crm_opportunities where u('buyer known', hash(opportunity_id)) < 0.6
        order by opportunity_id""",
    # Evenly from its first step to its last one.
    "crm_opportunity_stages": """
        select opportunity_id, stage::int as buying_stage,
            (opened_on + ((last_day - opened_on) * (stage - first_stage)
                / greatest(1, buying_stage - first_stage + 1))::int)::date as entered_on,
            entered_on::timestamp as updated_at
        from (
            select *, least(entered_at_stage, buying_stage) as first_stage,
                coalesce(closed_on, date '{end}') as last_day,
                unnest(range(least(entered_at_stage, buying_stage), buying_stage + 1)) as stage
            from out_crm_opportunities where u('stages known', hash(opportunity_id)) < 0.8
        ) order by opportunity_id, stage""",
    "crm_supplier_positions": """
        select account_id(no) as account_id, 'goods' as product_category,
            greatest(created_on, date '{end}' - (die('stated', no, 500))::int)::date as stated_on,
            (1 + die('suppliers', no, 5))::int as supplier_count,
            (1 + die('place', no, 1 + die('suppliers', no, 5)))::int as our_rank,
            worktime(stated_on, no) as updated_at
        from acc where form <> 'merged' and u('position', no) < 0.3 order by no""",
    "crm_internal_requests": """
        select 'IR' || lpad(no::varchar, 4, '0') || '-' || strftime(day, '%Y%m') as request_id,
            user_id(no) as requested_by_user_id,
            ['technical', 'finance', 'logistics'][1 + die('asked', month_key, 3)] as team,
            worktime(day, month_key) as requested_at,
            if(u('answered', month_key) < 0.9, requested_at
                + to_minutes((20 + die('answer', month_key, 2000))::int), null)
                as first_response_at,
            requested_at as updated_at
        from (
            select no, no::bigint * 512 + m as month_key,
                (date '{start}' + to_months(m::int) + to_days((die('request', no * 512 + m,
                    26))::int))::date as day
            from users, range({months}) t(m) where kind in ('owner', 'story')
                and u('requests', no * 512 + m) < 0.5
        ) where day < date '{end}' - 2 order by request_id""",
    # What the books say, and now and then something else.
    "erp_balance_confirmations": """
        with asked as (
            select no, day::date - 1 as day from acc,
                range(date '{start}' + interval 12 month, date '{end}', interval 12 month) t(day)
            where currency = 'CNY' and no % 8 = 3 and form <> 'merged' and created_on < day
        ), moved as (
            select account_no as no, invoice_date as day, gross_amount as amount from invoices
            union all select account_no, least(date '{end}', invoice_date + 5), -gross_amount
                from invoices where is_void
            union all select account_no, credit_date, gross_amount from credit_notes
            union all select account_no, received_on, -amount from payments
            union all select account_no, applied_on, -amount from applications
                join invoices using (invoice_no) where applications.kind = 'write_off'
        )
        select account_id(a.no) as account_id, a.day as confirmation_date,
            coalesce(sum(m.amount), 0) - if(u('confirmed', a.no) < 0.2, 1234.5, 0)
                as confirmed_amount,
            a.day::timestamp as updated_at
        from asked a left join moved m on m.no = a.no and m.day <= a.day
        group by a.no, a.day order by a.no, a.day""",
    "erp_payment_promises": """
        select 'PP' || substr(invoice_id, 4) as promise_id, invoice_id,
            (due_date + 10 + die('promise', hash(invoice_id), 30)::int)::date as promised_date,
            gross_amount as amount, (due_date + 3)::timestamp as updated_at
        from out_erp_invoices
        where due_date + 3 <= date '{end}' and status = 'posted' and document_type = 'invoice'
            and gross_amount > 0 and u('promised', hash(invoice_id)) < 0.03
        order by invoice_id""",
    "erp_plants": """
        select * from (values
            ('Shanghai', 31.2304, 121.4737, 900000, timestamp '{start}'),
            ('Shenzhen', 22.5431, 114.0579, 500000, timestamp '{start}'),
            ('Chengdu', 30.5728, 104.0668, 300000, timestamp '{start}')
        ) as plants (plant_id, latitude, longitude, yearly_capacity, updated_at)""",
}


def create_more_views(con: duckdb.DuckDBPyConnection, spec: Spec) -> None:
    """Create the views; the tables and views of all earlier steps must exist."""
    people = staff(spec)
    values = {
        "start": spec.start,
        "end": spec.end,
        "months": spec.months,
        "first_support": people.first_support,
        "first_owner": people.first_owner,
        "owners": people.owners,
        "support": people.support,
    }
    for entity, sql in _VIEWS.items():
        con.execute(f"create view out_{entity} as " + sql.format(**values))
