"""The fixture `relationship_stage`, and a small company at the edges of every rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.acceptance import loaders, loaders_relationships
from tests.acceptance.loaders_purchases import Row, invoice_of
from tests.acceptance.loaders_purchases import company as orders_of
from tests.acceptance.test_fixtures import compare
from tests.conftest import Warehouse

Company = Callable[..., Warehouse]


@pytest.mark.fixture("relationship_stages")
def test_relationship_stage(company: Company) -> None:
    built = company(loaders_relationships.relationship_stage, "2026-06-30")
    expected = loaders.read("relationship_stage", "expected_stage")
    compare(
        built.records(
            "select * from marts.relationship_stages where is_latest and account_id <> 'Z' "
            "order by account_id"
        ),
        expected,
        {
            "account_id": "account_id", "evidenced_stage": "evidenced_stage",
            "claimed_stage": "claimed_stage", "stage_gap": "stage_gap",
            "customer_departments": "customer_departments_count",
            "own_departments": "own_departments_count",
            "department_edges": "department_edges_count",
            "active_contacts": "active_contacts_count",
            "active_own_users": "active_own_users_count",
            "top_contact_share": "top_contact_ratio", "exec_to_exec": "has_exec_to_exec",
            "joint_evidence": "has_joint_evidence", "alliance_evidence": "has_alliance_evidence",
            "is_single_threaded": "is_single_threaded",
            "interpersonal_stage": "interpersonal_stage", "matrix_cell": "matrix_cell",
        },
    )  # fmt: skip


DAY = date(2026, 5, 18)


def _talk(account: str, contact: str, day: date, user: str = "U1", **more: object) -> Row:
    return {
        "activity_id": f"{account}{contact}{day}{user}{more.get('channel')}", "account_id": account,
        "contact_id": contact, "user_id": user, "activity_at": f"{day}T04:00:00Z",
        "is_two_way": "true", "channel": "call", **more,
    }  # fmt: skip


def _edges(folder: Path) -> None:
    """LAST proves all five stages on the last day that counts, LATE none of them, a day later."""
    start = date(2023, 1, 10)
    orders: list[Row] = [
        {"order_id": a, "account_id": a, "order_date": start, "status": "completed"}
        for a in ("LAST", "LATE", "ODD", "GONE")
    ]
    orders += [
        {"order_id": a, "account_id": a, "order_date": start, "status": status}
        for a, status in (("BACK", "completed"), ("OPEN", "open"))
    ]
    lines: list[Row] = [
        {
            "order_id": o["order_id"],
            "product_id": "goods",
            "net_amount": -5 if o["order_id"] == "BACK" else 100,
        }
        for o in orders
    ]
    invoices = [invoice_of(o, 100) for o in orders[:4]]
    gone = {"invoice_id": "CN", "document_type": "credit_note"}
    invoices.append(invoice_of(orders[3], -100, **gone))
    orders_of(folder, orders, lines, invoices)
    loaders.write(folder, "crm_users", [
        {"user_id": u, "user_name": u, "department": d}
        for u, d in (("U1", "executive"), ("U2", "sales"), ("U3", None))
    ])  # fmt: skip
    departments = {"x": "executive", "p": "purchasing", "f": "finance", "o": "other", "n": None}
    accounts, rating = ("LAST", "LATE", "ODD"), {"LAST": 180, "LATE": 181, "ODD": 1}
    loaders.write(folder, "crm_contacts", [
        {"contact_id": a + c, "account_id": a, "department": d, "interpersonal_rating": 4,
         "interpersonal_rated_on": DAY - timedelta(days=rating[a])}
        for a in accounts for c, d in departments.items()
    ])  # fmt: skip
    talks = [
        _talk(a, a + c, DAY - timedelta(days=days), user)
        for a, days in (("LAST", 179), ("LATE", 180))
        for c, user in (("x", "U1"), ("p", "U2"), ("f", "U2"))
    ]
    # Five talks, four of them with one person; a mail to many and a one-sided one are none.
    talks += [_talk("ODD", "ODDn", DAY - timedelta(days=n), f"U{2 + n % 2}") for n in range(4)]
    talks += [_talk("ODD", "ODDo", DAY, "U3"), _talk("ODD", "ODDp", DAY, channel="Mass_Mail"),
              _talk("ODD", "ODDp", DAY, is_two_way="")]  # fmt: skip
    loaders.write(folder, "crm_activities", talks)
    loaders.write(folder, "crm_relationship_evidence", [
        {"evidence_id": f"{a}{kind}", "account_id": a, "evidence_type": kind, "start_date": began,
         "end_date": ended}
        for a, kind, began, ended in (
            ("LAST", "joint_rd", date(2024, 5, 19), date(2024, 6, 1)),
            ("LAST", "joint_venture", start, DAY),
            ("LATE", "joint_rd", date(2024, 5, 18), None),
            ("LATE", "joint_venture", start, DAY - timedelta(days=1)),
        )
    ])  # fmt: skip


@pytest.mark.fixture("relationship_stages", "accounts")
def test_the_last_day_that_counts(company: Company) -> None:
    built = company(_edges, str(DAY))
    found = built.rows(
        "select account_id, evidenced_stage, interpersonal_stage, has_joint_evidence, "
        "has_alliance_evidence, activities_count from marts.relationship_stages "
        "where is_latest order by account_id"
    )
    assert found == [
        ("BACK", 0, None, False, False, 0),
        ("GONE", 0, None, False, False, 0),
        ("LAST", 5, 4, True, True, 3),
        ("LATE", 1, None, False, False, 0),
        ("ODD", 1, 4, False, False, 5),
        ("OPEN", 0, None, False, False, 0),
    ]
    assert built.rows(
        "select account_id, evidenced_stage, is_single_threaded from marts.accounts "
        "where account_id in ('LAST', 'ODD') order by 1"
    ) == [("LAST", 5, False), ("ODD", 1, True)]
    # Unknown departments are sides of edges, but no departments. U2 is of sales, U3 of nothing;
    # the two contacts are of no department and of no named one.
    assert built.rows(
        "select customer_departments_count, own_departments_count, department_edges_count, "
        "active_contacts_count, active_own_users_count, unknown_department_contacts_count, "
        "top_contact_ratio from marts.relationship_stages where is_latest and account_id = 'ODD'"
    ) == [(0, 1, 2, 2, 2, 1, Decimal("0.8"))]


@pytest.mark.fixture("relationship_stages")
def test_a_stage_is_lost_at_the_second_month_end_below_it(company: Company) -> None:
    # The talks of LAST are of 2025-11-20: the last month-end with them is that of April 2026.
    built = company(_edges, "2026-07-15")
    assert built.rows(
        "select cast(as_of_date as varchar), evidenced_stage, confirmed_stage, "
        "stage_down_streak_count from marts.relationship_stages "
        "where account_id = 'LAST' and as_of_date >= date '2026-03-31' order by 1"
    ) == [
        ("2026-03-31", 5, 5, 0),
        ("2026-04-30", 5, 5, 0),
        ("2026-05-31", 1, 5, 1),
        ("2026-06-30", 1, 1, 0),
        ("2026-07-15", 1, 1, 0),
    ]
    # A day inside a month loses no stage.
    built = company(_edges, "2026-06-29")
    assert built.rows(
        "select evidenced_stage, confirmed_stage, stage_down_streak_count "
        "from marts.relationship_stages where account_id = 'LAST' and is_latest"
    ) == [(1, 5, 1)]


@pytest.mark.fixture("relationship_stages")
def test_what_is_lost_and_what_is_old_is_said_by_the_rules(
    company: Company, tmp_path: Path
) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    header = (Path("dbt_project/seeds/relationship_rules.csv")).read_text("utf-8").splitlines()[0]
    (rules / "relationship_rules.csv").write_text(
        f"{header}\n1900-01-01,90,400,24,2,3,2,3,3,2,5,0.8,3\n", encoding="utf-8"
    )
    built = company(_edges, "2026-05-18", rules_dir=str(rules))
    # A window of 90 days ends in February; three month-ends end a stage; old ratings still count.
    assert built.rows(
        "select cast(as_of_date as varchar), evidenced_stage, confirmed_stage, "
        "stage_down_streak_count, interpersonal_stage, is_single_threaded "
        "from marts.relationship_stages "
        "where account_id = 'LAST' and as_of_date >= date '2026-01-31' order by 1"
    ) == [
        ("2026-01-31", 5, 5, 0, 4, False),
        ("2026-02-28", 1, 5, 1, None, False),
        ("2026-03-31", 1, 5, 2, None, False),
        ("2026-04-30", 1, 1, 0, None, False),
        ("2026-05-18", 1, 1, 0, None, False),
    ]


def _wallets(folder: Path) -> None:
    """W states its wallet each spring; the second time it needs half as much."""
    day, orders = date(2024, 1, 15), []
    while day < date(2026, 5, 18):
        orders.append({"order_id": f"W{day}", "account_id": "W", "order_date": day,
                       "status": "completed"})  # fmt: skip
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=15)
    lines: list[Row] = [
        {"order_id": o["order_id"], "product_id": "goods", "net_amount": 100} for o in orders
    ]
    orders_of(folder, orders, lines, [invoice_of(o, 100) for o in orders])
    # Where no lines of orders are delivered, the order alone is one.
    (folder / "erp_order_lines.csv").unlink()
    loaders.write(folder, "crm_activities", [_talk("W", "c", date(2026, 5, 1))])
    loaders.write(folder, "crm_accounts", [
        {"account_id": "W", "account_name": "W", "wallet_amount": 4800,
         "wallet_as_of_date": "2025-03-01", "updated_at": "2025-03-01T04:00:00Z"},
    ])  # fmt: skip


@pytest.mark.fixture("relationship_stages")
@pytest.mark.parametrize(("day", "change"), [("2026-05-18", "0.25"), ("2026-04-30", "0.25")])
def test_the_share_of_the_wallet_a_year_before(
    company: Company, tmp_path: Path, day: str, change: str
) -> None:
    company(_wallets, "2025-03-31")
    # The estimate of a year later is another version of the account.
    source = tmp_path / "source" / "crm_accounts.csv"
    text = source.read_text("utf-8").replace("4800", "2400").replace("2025-03-01", "2026-03-01")

    def again(folder: Path) -> None:
        source.write_text(text, "utf-8")

    built = company(again, day)
    assert built.rows(
        "select wallet_share_change_ratio, evidenced_stage from marts.relationship_stages "
        "where is_latest"
    ) == [(Decimal(change), 1)]
