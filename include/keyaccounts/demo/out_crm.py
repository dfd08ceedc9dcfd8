"""The CRM master data as views out_<entity>: accounts, users, contacts, plans, evidence."""

from __future__ import annotations

import duckdb

from keyaccounts.demo.cast import staff
from keyaccounts.demo.spec import Spec

_CONTACTS = """
create table contacts as
with counted as (
    select no, role, name, created_on, owner_no,
        coalesce(case role when 'single' then 1 when 'cross' then 3 end,
        least(6, 1 + floor(greatest(0, ln(size / 8000.0))) + die('contacts', no, 2))::int)
            as contacts
    from acc
)
select *, unnest(range(1, contacts + 1))::int as k, no::bigint * 8 + k as contact_key,
    bits('contact', contact_key) as b
from counted order by no, k
"""

_VIEWS = {
    "crm_users": """
        select user_id(no) as user_id, first_name || ' ' || last_name as user_name,
            lower(first_name) || '.' || lower(last_name) || '.' || no || '@example.com' as email,
            department, case when team_no is not null then 'Team ' || lpad(team_no::varchar, 2, '0')
                else department end as team,
            case when no = 1 then null when kind in ('owner', 'story') then user_id(1 + team_no)
                else user_id(1) end as manager_user_id,
            case when kind in ('owner', 'story') then user_id(
                if(no > {first_owner}, no - 1, {first_owner} + 1)) end as deputy_user_id,
            deactivated_on is null as is_active, deactivated_on,
            if(kind = 'owner' and no % 9 = 4, date '{end}' - 3, null)::date as absent_from,
            if(kind = 'owner' and no % 9 = 4, date '{end}' + 10, null)::date as absent_until,
            coalesce(deactivated_on, date '{start}' - 30)::timestamp as updated_at
        from users order by no""",
    "crm_accounts": """
        select account_id(no) as account_id, name as account_name,
            account_id(parent_no) as parent_account_id, account_id(merged_no)
                as merged_into_account_id,
            '91330000' || lpad((100000 + tax_no)::varchar, 9, '0') || 'X' as tax_id,
            ['C33', 'C34', 'C35', 'C36', 'C38', 'C39', 'C40', 'G54'][1 + die('industry', no, 8)]
                as industry_code,
            ['East', 'North', 'South', 'West', 'Central'][1 + die('region', no, 5)] as region,
            if(kind = 'base' and u('no channel', no) < 0.01, null, sales_channel) as channel,
            user_id(owner_no) as owner_user_id, kind = 'internal' as is_internal,
            currency as currency_code, pay_terms as payment_terms_days,
            if(u('limit', no) < 0.8, round(size * (6 + 10 * u('limit size', no)), -3), null)
                as credit_limit_amount,
            if(u('rated', no) < 0.3, (die('influence', no, 6))::int, null) as influence_score,
            if(u('rated', no) < 0.3, greatest(created_on, date '{end}' - (die('rated on', no,
                500))::int),
                null)::date as influence_rated_on,
            if(u('rated', no) < 0.3, user_id(owner_no), null) as influence_rated_by_user_id,
            if(u('rated', no) < 0.2, 'speaks at the trade fair, named by others', null)
                as influence_evidence,
            if(kind = 'base' and no > 20 and u('referred', no) < 0.06,
                account_id(1 + bits('referrer', no) % (no - 1)), null) as referred_by_account_id,
            if(u('claimed', no) < 0.5, 1 + (die('stage', no, 4))::int, null)
                as claimed_relationship_stage,
            if(u('wallet', no) < 0.35, round(12 * size * (1 + 3 * u('wallet size', no)), -3), null)
                as wallet_amount,
            if(u('wallet', no) < 0.35, greatest(created_on, date '{end}' - (die('wallet on', no,
                500))::int),
                null)::date as wallet_as_of_date,
            if(u('own growth', no) < 0.2, (die('own growth', no, 6))::int, null)
                as own_growth_score,
            if(u('own growth', no) < 0.2, greatest(created_on, date '{end}' - (die('growth on', no,
                500))::int), null)::date as own_growth_rated_on,
            if(size > 300000, user_id(1), null) as executive_sponsor_user_id,
            if(u('approved', no) < 0.4, least(date '{end}', created_on + (die('approval', no,
                90))::int), null)::date as supplier_approved_on,
            if(u('relation', no) < 0.1, 'customer|supplier', 'customer') as relation_types,
            24 + 20 * u('latitude', no) as latitude, 103 + 18 * u('longitude', no) as longitude,
            if(u('capacity', no) < 0.1, 1000 * (1 + die('capacity units', no, 50)), null)
                as requested_capacity,
            if(form <> 'merged' and gone and u('exit', no) < 0.5, ['voluntary_by_us',
                'lost_to_competitor', 'closed_down', 'other'][1 + die('exit', no, 4)], null)
                    as exit_type,
            if(exit_type is null, null, 'noted by the account manager') as exit_reason,
            if(exit_type is null, null, least(date '{end}', date '{start}'
                + to_months((greatest(stop_month, 0) + 2)::int)))::date as exit_recorded_on,
            if(exit_type = 'lost_to_competitor', ['Nordwerk', 'Haitong', 'Ferrum'][1
                + die('competitor', no, 3)], null) as exit_competitor,
            if(exit_type is null, null, 'told at the last visit') as exit_note,
            worktime(created_on, no) as created_at,
            worktime(coalesce(merged_on, if(u('changed', no) < 0.1 and role is null,
                created_on + ((date '{end}' - created_on) * u('changed on', no))::int,
                    created_on))::date, no)
                as updated_at
        from (select *, stop_month < {months} and back_month >= {months} as gone,
            (select greatest(s.created_on, acc.created_on) from acc as s
                where s.no = acc.merged_no) as merged_on
            from acc) order by no""",
    "crm_contacts": """
        select 'C' || lpad(no::varchar, 6, '0') || '-' || k as contact_id, account_id(no)
            as account_id,
            ['Li', 'Wang', 'Zhang', 'Liu', 'Chen', 'Zhao', 'Wu', 'Xu'][1 + die('cl', contact_key,
                8)]
                || ' ' || ['Ming', 'Xin', 'Hao', 'Yu', 'Lan', 'Bo', 'Jie',
                    'Rui'][1 + (b % 8)::bigint] as contact_name,
            'contact.' || contact_key || '@example.com' as email,
            if(u('no department', contact_key) < 0.05 and role is null, null,
                ['purchasing', 'technical', 'finance', 'executive', 'logistics', 'operations'][k])
                as department,
            if(k = 4, 5, 1 + (b >> 8) % 4)::int as formal_level,
            if(piece(b, 1) < 0.6, 1 + ((b >> 12) % 5)::int, null) as actual_influence,
            if(piece(b, 2) < 0.6, ['user', 'coach', 'gatekeeper', 'decision_maker', 'champion',
                'sponsor'][k], null) as role,
            if(piece(b, 1) < 0.5, 1 + ((b >> 24) % 5)::int, null) as sentiment,
            if(piece(b, 3) < 0.4, 1 + ((b >> 28) % 5)::int, null) as interpersonal_rating,
            if(piece(b, 3) < 0.4, greatest(created_on, date '{end}' - (b % 400)::int), null)::date
                as interpersonal_rated_on,
            if(piece(b, 3) < 0.4, user_id(owner_no), null) as interpersonal_rated_by_user_id,
            role is not null or piece(b, 0) < 0.93 as is_active,
            worktime(created_on, contact_key) as updated_at,
            role is null and piece(b, 0) > 0.995 as is_deleted
        from contacts order by no, k""",
    "crm_relationship_evidence": """
        select 'EV' || lpad(no::varchar, 6, '0') as evidence_id, account_id(no) as account_id, kind
            as evidence_type, begins as start_date,
            if(kind in ('alliance_agreement', 'joint_venture', 'technology_equity') and no % 3 > 0,
                begins + 1095, null)::date as end_date,
            begins::timestamp as updated_at
        from (
            select no, ['joint_rd', 'custom_solution', 'automation_upgrade', 'standardisation',
                    'alliance_agreement', 'joint_venture', 'technology_equity'][
                    1 + die('evidence', no, 7)] as kind,
                greatest(created_on, date '{end}' - (die('evidence on', no, 1000))::int)::date
                    as begins
            from acc where role is null and form <> 'merged' and size > 50000 and u('evidence',
                no) < 0.3
        ) order by no""",
    "crm_account_plans": """
        select account_id(no) as account_id, (date '{start}' + to_months(m::int))::date
            as plan_month,
            round(size * exp(growth * m / 12) * (0.95 + 0.25 * u('plan', no)), -2) as plan_amount,
            worktime(greatest(created_on, date '{start}'), no) as updated_at
        from acc, range(greatest(0, {months} - 24), {months}) t(m)
        where kind = 'base' and form <> 'merged' and start_month <= m and stop_month > m
            and (u('planned', no) < 0.4 or size > 100000)
        order by no, m""",
}


def create_crm_views(con: duckdb.DuckDBPyConnection, spec: Spec) -> None:
    """Create table contacts and the views of the CRM master data."""
    con.execute(_CONTACTS)
    values = {"start": spec.start, "end": spec.end, "months": spec.months}
    for entity, sql in _VIEWS.items():
        view = sql.format(first_owner=staff(spec).first_owner, **values)
        con.execute(f"create view out_{entity} as {view}")
