"""What happens between people: activities, opportunities and service cases,
as views out_<entity>.
"""

from __future__ import annotations

import duckdb

from keyaccounts.demo.cast import owner_left_on, staff
from keyaccounts.demo.plots import CROSS_AGE
from keyaccounts.demo.spec import Spec

# Two or three activities a month with a large account, one a quarter with a small or lost one.
_VIEWS = {
    "crm_activities": """
        with months as (
            select a.*, c.contacts, m::int as month, no::bigint * 512 + m as month_key,
                case when role is not null then 1.5
                    when m < start_month - 2 or (m >= stop_month and m < back_month) then 0.1
                    else least(3, 0.3 + size / 150000) end as rate
            from acc a join (select no, contacts from contacts where k = 1) c using (no),
                range({months}) t(m)
        ), each as (
            select *, unnest(range(1, floor(rate + u('activities', month_key))::int + 1)) as i
            from months
        ), drawn as (
            select *, bits('activity', month_key * 8 + i) as b,
                date '{start}' + to_months(month) + to_days(floor(28 * piece(b, 0))::int) as day
            from each
        ), kept as (
            select *, b >> 40 as c,
                -- The fourth contact is an executive, as the first user is.
                role is null and size > 60000 and contacts >= 4 and piece(b, 3) >= 0.2
                    and u('executives', month_key * 8 + i) < 0.12 as is_between_executives
            from drawn where day <= date '{end}' and day >= created_on
                and (role is distinct from 'single' or day < date '{gone_on}')
        )
        select 'AC' || lpad(no::varchar, 6, '0') || '-' || strftime(day, '%Y%m') || '-' || i
            as activity_id,
            account_id(no) as account_id,
            'C' || lpad(no::varchar, 6, '0') || '-' || if(is_between_executives, 4,
                1 + floor(contacts * pow(piece(b, 1), 1.5))::int) as contact_id,
            user_id(case when is_between_executives then 1
                when role = 'single' or (piece(b, 2) < 0.75 and owner_no is not null
                    and not owner_gone) then owner_no
                else {first_support} + (c % {support})::int end) as user_id,
            worktime(day::date, month_key * 8 + i) as activity_at,
            case when piece(b, 3) < 0.2 then 'mass_mail'
                else ['meeting', 'call', 'visit', 'email'][1 + (c % 4)::bigint] end as channel,
            if(piece(b, 3) >= 0.2 and (c >> 4) % 3 = 0, 'inbound', 'outbound') as direction,
            piece(b, 3) >= 0.2 and (is_between_executives or c % 4 < 3 or (c >> 4) % 3 = 0)
                as is_two_way,
            ['sales', 'sales', 'service', 'courtesy'][1 + ((c >> 8) % 4)::bigint] as purpose,
            if((c >> 12) % 4 = 0, null, 5 * (1 + (c >> 14) % 18))::int as duration_minutes,
            worktime(day::date, month_key * 8 + i) as updated_at
        from (select k.*, coalesce(u.deactivated_on <= k.day, false) as owner_gone
            from kept k left join users u on u.no = k.owner_no)
        order by activity_id""",
    "crm_opportunities": """
        with each as (
            select a.*, unnest(range(1, n + 1)) as i from (
                select *, floor({months} / 14.0 * u('opportunities', no) + 0.5)::int as n
                    from acc) a
        ), drawn as (
            select *, bits('opportunity', no::bigint * 64 + i) as b,
                greatest(created_on,
                    date '{start}' + (({days} - 5) * piece(b, 0))::int)::date as opened,
                (opened + 20 + floor(200 * piece(b, 1))::int)::date as closes,
                closes <= date '{end}' as is_closed, piece(b, 2) < 0.4 as is_good
            from each where created_on <= date '{end}' - 5
        )
        select 'OPP' || lpad(no::varchar, 6, '0') || '-' || i as opportunity_id,
            account_id(no) as account_id, user_id(owner_no) as owner_user_id,
            case when is_closed then if(is_good, 8, 2 + (b % 6)::int) else 1 + (b % 7)::int end
                as buying_stage,
            1 + (b % 3)::int as entered_at_stage, round(size * (0.5 + 3 * piece(b, 3)), -2)
                as amount,
            'CNY' as currency_code, opened as opened_on, if(is_closed, closes, null) as closed_on,
            if(is_closed, is_good, null) as is_won,
            if(is_closed and not is_good, ['price', 'delivery time', 'competitor',
                'no budget'][1 + ((b >> 8) % 4)::bigint], null) as outcome_reason,
            if(is_closed and not is_good, ['price', 'delivery', 'competitor',
                'budget'][1 + ((b >> 8) % 4)::bigint], null) as outcome_category,
            if((b >> 12) % 4 = 0, null, opened + 5)::date as need_qualified_on,
            worktime(if(is_closed, closes, opened), no) as updated_at
        from drawn order by opportunity_id""",
    "crm_service_cases": """
        with months as (
            select no, role, created_on, m::int as month, no::bigint * 512 + m as month_key,
                (date '{start}' + to_months(month)
                    + to_days((die('case day', month_key, 28))::int))::date as day,
                bits('case', month_key) as b
            from acc, range({months}) t(m)
            where role is null and m >= start_month
                and u('case', month_key) < 0.02 + least(0.2, size / 2e6)
        ), cases as (
            select no, month, day, b, ['question', 'request', 'complaint', 'question', 'return',
                'dispute'][1 + (b % 6)::bigint] as kind,
                1 + (2 * piece(b, 1) + 2 * piece(b, 2))::int as severity
            from months
            union all
            select no, {cross_month}, date '{cross_day}' + (i * 14)::int, bits('cross', i),
                if(i = 0, 'complaint', 'return'), 2
            from acc, range(2) t(i) where role = 'cross'
        )
        select 'SC' || lpad(no::varchar, 6, '0') || '-' || strftime(day, '%Y%m%d') as case_id,
            account_id(no) as account_id, kind as case_type,
            greatest(1, least(4, severity))::int as severity,
            ['Shanghai', 'Shenzhen', 'Chengdu'][1 + (no + ((b >> 30) % 4 = 0)::int) % 3]
                as service_site,
            worktime(day, no) as opened_at,
            if(answered <= timestamp '{end} 10:00:00', answered, null) as first_response_at,
            if(solved <= timestamp '{end} 10:00:00', solved, null) as resolved_at,
            worktime(day, no) + interval 8 hour as response_due_at,
            worktime(day, no) + to_days(2 + 3 * severity::int) as resolution_due_at,
            piece(b, 3) < 0.1 as is_proactive,
            case when no in (select no from acc where role = 'cross')
                    then (select product_id(min(no)) from products where family = 'Sensors')
                when kind in ('complaint', 'return') and (b >> 20) % 5 > 0
                    then product_id(1 + (b >> 24) % (select count(*) from products))
            end as product_id,
            coalesce(resolved_at, first_response_at, worktime(day, no)) as updated_at
        from (select *, worktime(day, no) + to_minutes((30 + 900 * piece(b, 1))::int) as answered,
                answered + to_hours((4 + 400 * piece(b, 2) * piece(b, 0))::int) as solved
            from cases where day <= date '{end}' and day >= date '{start}')
        order by case_id""",
}


def create_contact_views(con: duckdb.DuckDBPyConnection, spec: Spec) -> None:
    """Create the views of activities, opportunities and cases; needs acc, users and contacts."""
    people = staff(spec)
    cross = max(0, spec.last_month - CROSS_AGE)
    values = {
        "start": spec.start,
        "end": spec.end,
        "months": spec.months,
        "days": (spec.end - spec.start).days,
        "first_support": people.first_support,
        "support": people.support,
        "gone_on": owner_left_on(spec),
        "cross_month": cross,
        "cross_day": spec.month_end(cross),
    }
    for entity, sql in _VIEWS.items():
        con.execute(f"create view out_{entity} as " + sql.format(**values))
