"""The files keep the source contract, whatever the size of the company."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from recompute import control_account, load

from keyaccounts.demo import documents, generate
from keyaccounts.demo.engine import SQL_TYPES

CONTRACT: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(
    resources.files("keyaccounts").joinpath("source_contract.yml").read_text("utf-8")
)
MAY_LIE_AHEAD = {
    "due_date", "promised_date", "end_date", "response_due_at", "resolution_due_at",
    "absent_until",
}  # fmt: skip


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(
    company: Callable[..., Any], tmp_path: Path
) -> None:
    first = company(60, 1)
    messages: list[str] = []
    again = generate(
        tmp_path / "again", accounts=60, months=48, end=first.end, seed=1, lines=5760,
        progress=messages.append,
    )  # fmt: skip

    assert again == first.summary
    assert messages
    files = sorted(f.name for f in first.folder.iterdir())
    assert files == sorted([*(f"{entity}.parquet" for entity in CONTRACT), "stories.json"])
    for name in files:
        assert (tmp_path / "again" / name).read_bytes() == (first.folder / name).read_bytes(), name
    other = company(100, 7)
    assert (other.folder / "erp_invoices.parquet").read_bytes() != (
        first.folder / "erp_invoices.parquet"
    ).read_bytes()


def test_the_size_of_the_pieces_of_work_changes_nothing(
    company: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = company(10, 7, 14, date(2024, 2, 15))
    monkeypatch.setattr(documents, "LINES_AT_ONCE", 100)

    generate(tmp_path / "out", accounts=10, months=14, end=whole.end, seed=7, lines=280)

    for file in whole.folder.iterdir():
        assert (tmp_path / "out" / file.name).read_bytes() == file.read_bytes(), file.name


def test_columns_and_types_are_those_of_the_contract(any_company: Any) -> None:
    for entity, fields in CONTRACT.items():
        have = {r[0]: r[1] for r in any_company.rows(f"describe {entity}")}
        wanted = {name: SQL_TYPES[field["type"]] for name, field in fields.items()}
        assert have == wanted | {"updated_at": "TIMESTAMP", "is_deleted": "BOOLEAN"}, entity


def test_keys_references_lists_and_bounds_hold(any_company: Any) -> None:
    faults = []
    for entity, fields in CONTRACT.items():
        key = ", ".join(name for name, field in fields.items() if field.get("key"))
        claims = {f"count(*) - count(distinct ({key}))": "a key twice"}
        claims["count(*) - count(updated_at) + count(*) - count(is_deleted)"] = "technical columns"
        for name, field in fields.items():
            if field.get("required") or field.get("key"):
                claims[f"count(*) - count({name})"] = f"{name} is missing"
            if "in" in field:
                claims[f"count(*) filter ({name} not in {tuple(field['in'])})"] = f"{name}: word"
            for bound, sign in (("min", "<"), ("max", ">"), ("above", "<=")):
                if bound in field:
                    claims[f"count(*) filter ({name} {sign} {field[bound]})"] = f"{name}: {bound}"
            if "ref" in field:
                target = field["ref"]
                other = next(n for n, f in CONTRACT[target].items() if f.get("key"))
                claims[f"count(*) filter ({name} not in (select {other} from {target}))"] = name
        counted = any_company.rows(f"select {', '.join(claims)} from {entity}")[0]
        faults += [(entity, says) for says, n in zip(claims.values(), counted, strict=True) if n]

    assert not faults


def test_nothing_is_dated_after_the_end_or_before_the_data(any_company: Any) -> None:
    end = any_company.end
    for entity, fields in CONTRACT.items():
        dated = [n for n, f in fields.items() if f["type"] in ("date", "timestamp")]
        names = [*(d for d in dated if d not in MAY_LIE_AHEAD), "updated_at"]
        columns = ", ".join(f"max({name})::date" for name in names)
        latest = any_company.rows(f"select {columns} from {entity}")[0]
        assert all(day is None or day <= end for day in latest), (entity, names, latest)
    first = any_company.rows(
        "select min(invoice_date), (select min(order_date) from erp_orders), "
        "(select min(received_date) from erp_payments) from erp_invoices"
    )[0]
    assert first[0] == date(2022, 11, 1)
    assert min(first) == date(2022, 11, 1)


def test_documents_add_up_and_carry_their_sign(any_company: Any) -> None:
    wrong = any_company.rows("""
        with total as (select invoice_id, round(sum(net_amount) * 1.13, 2) as gross, max(net_amount)
            as largest, min(net_amount) as smallest from erp_invoice_lines group by invoice_id)
        select count(*) from erp_invoices left join total using (invoice_id)
        where (gross = gross_amount and if(document_type = 'invoice', smallest > 0 and gross > 0,
            largest < 0 and gross < 0)) is not true
    """)
    credited = any_company.rows("""
        with used as (select source_document_id as id, sum(amount) as amount
            from erp_payment_applications where application_type <> 'write_off' group by 1),
        sources as (select payment_id as id, amount from erp_payments union all
            select invoice_id, -gross_amount from erp_invoices where document_type = 'credit_note')
        select count(*) from used left join sources s using (id)
        where (used.amount <= s.amount) is not true
    """)
    early = any_company.rows("""
        select count(*) from erp_payment_applications a join erp_invoices i using (invoice_id)
        left join erp_payments p on p.payment_id = a.source_document_id
        where a.applied_date < greatest(i.invoice_date, p.received_date) or status = 'void'
            or p.currency_code <> i.currency_code or a.amount <= 0
    """)

    assert (wrong, credited, early) == ([(0,)], [(0,)], [(0,)])


def test_rates_are_there_in_time_and_never_ten_days_old(any_company: Any) -> None:
    gaps = any_company.rows("""
        select max(gap), date '2022-11-01' - min(rate_date), count(distinct currency_code) from (
            select *, coalesce(lead(rate_date) over (partition by currency_code order by rate_date),
                date '2026-10-31') - rate_date as gap from erp_exchange_rates)
    """)
    assert gaps == [(7, 30, 3)]


def test_customers_are_known_before_they_buy(any_company: Any) -> None:
    assert any_company.rows("""
        select count(*) from crm_accounts join (select account_id, min(invoice_date) as first
            from erp_invoices group by all) using (account_id) where created_at::date >= first
    """) == [(0,)]


def test_the_control_account_is_net_receivables_at_booked_rates(any_company: Any) -> None:
    con = load(any_company.folder)
    balances = con.execute(
        "select balance_date::text, receivables_amount from erp_gl_balances order by 1"
    ).fetchall()
    assert len(balances) == 48
    for day, amount in [balances[1], balances[30], balances[-1]]:
        assert round(control_account(con, day), 2) == float(amount), day


def test_a_company_has_groups_foreign_money_disputes_and_loose_ends(
    company: Callable[..., Any],
) -> None:
    have = company(300, 42).rows("""
        select (select count(*) from crm_accounts where parent_account_id is not null),
            (select count(*) from crm_accounts where merged_into_account_id is not null),
            (select count(*) - count(distinct tax_id) from crm_accounts),
            (select count(*) from crm_accounts where is_internal),
            (select count(distinct currency_code) from erp_invoices),
            (select count(*) from erp_invoices where due_date is null),
            (select count(*) from erp_invoices where disputed_amount > 0),
            (select count(*) from erp_invoices where status = 'void'),
            (select count(*) from erp_payment_applications where application_type = 'write_off'),
            (select count(*) from erp_payment_applications where application_type = 'credit_note'),
            (select count(*) from erp_order_lines where is_return),
            (select count(*) from erp_order_lines where delivered_date > promised_date),
            (select count(*) from erp_orders where status = 'open'),
            (select count(*) from erp_invoice_lines where cogs_amount is null),
            (select count(*) from crm_users where not is_active)
    """)[0]
    assert all(have), have


def test_data_up_to_a_day_inside_a_month(company: Callable[..., Any]) -> None:
    small = company(10, 7, 14, date(2024, 2, 15))
    assert small.summary["first_day"] == "2023-01-01"
    assert small.stories["stories"] == []
    assert "60 accounts" in small.stories["not_planted"][0]["why"]
    days = small.rows("select count(*), max(balance_date) from erp_gl_balances")
    assert days == [(14, date(2024, 2, 15))]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"accounts": 9}, "accounts is 9"),
        ({"months": 0}, "months is 0"),
        ({"lines": 0}, "lines is 0"),
        ({"lines": 10**9}, "ask for more accounts or months"),
        ({"end": date(1999, 1, 1)}, "end is 1999-01-01"),
    ],
)
def test_wrong_arguments_say_what_to_do(wrong: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=says):
        generate(tmp_path / "out", **({"end": date(2026, 10, 31)} | wrong))
    assert not list(tmp_path.iterdir())


def test_a_rerun_replaces_its_own_files_only(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    (out / "crm_users.parquet").write_text("old")

    generate(out, accounts=10, months=1, end=date(2026, 1, 31))

    assert (out / "notes.txt").read_text() == "mine"
    assert (out / "crm_users.parquet").read_bytes()[:4] == b"PAR1"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
