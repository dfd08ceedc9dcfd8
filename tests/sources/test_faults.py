"""Faults between us and a database: nothing half lands, and the message says what to do."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from keyaccounts.cli import main
from tests.postgres import Server
from tests.sources.company import SOURCES, Company
from tests.sources.nights import STAGED, Nights
from tests.sources.proxy import wired

CompanyOf = Callable[..., Company]
MANY = """\
      select g::text as product_id, repeat('x', 200) as product_name, 'f' as product_family
      from generate_series(1, 150000) as g
"""
BIG = SOURCES.replace(
    "table: sales.item\n    columns: {product_id: sku, product_name: title, "
    "product_family: family, product_category: class}\n",
    f"sql: |\n{MANY}",
)
MEGABYTES = 1 << 20


@pytest.fixture
def nights(company_of: CompanyOf, tmp_path: Path) -> Nights:
    return Nights(company_of(), tmp_path / "home")


def _extract(nights: Nights, capsys: pytest.CaptureFixture[str], *entities: str) -> tuple[int, str]:
    """Run the command and return its exit code and what it said on standard error."""
    settings = nights.settings
    chosen = [part for entity in entities for part in ("--entity", entity)]
    code = main(
        ["extract", "--home", str(settings.home), "--sources", str(settings.sources),
         "--as-of", str(nights.company.day), *chosen]
    )  # fmt: skip
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return code, said


def _landing(nights: Nights) -> list[str]:
    root = nights.home / "landing"
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def _line_of(text: str, part: str) -> str:
    return f"sources.yml line {text[: text.index(part)].count(chr(10)) + 1}"


@pytest.mark.parametrize("is_restart", [False, True], ids=["cut", "restart"])
def test_a_connection_that_breaks_leaves_no_half_load(
    nights: Nights, server: Server, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], is_restart: bool,
) -> None:  # fmt: skip
    nights.extract()
    nights.sources = BIG
    before = _landing(nights)

    def restart() -> None:
        server.stop()
        server.start()

    with wired(server.port, 20 * MEGABYTES, restart if is_restart else None) as wire:
        url = server.url(nights.company.database).replace(str(server.port), str(wire.port))
        monkeypatch.setenv("AIRFLOW_CONN_SHOP", url)
        code, said = _extract(nights, capsys, "erp_products")
        assert code == 5
        assert "the connection to system shop broke while erp_products in shop was read" in said
        assert "Nothing of it landed" in said
        assert "run again" in said
        assert _landing(nights) == before
        # The next run mends it, through the same address.
        assert _extract(nights, capsys, "erp_products") == (0, "")
    assert len(nights.landed("erp_products")) == 150_000


PARTS = SOURCES.replace(
    "look_back: 6 hours",
    "look_back: 6 hours\n    partition: 30 days\n    reconcile_every_days: 0",
    3,
)


def test_a_first_load_in_parts_goes_on_where_it_broke(
    company_of: CompanyOf, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    company = company_of(1500)
    nights = Nights(company, tmp_path / "home", PARTS)
    company.execute("update sales.position set modified = modified - document %% 290 * %s",
                    timedelta(days=1))  # fmt: skip
    direct = server.url(company.database)
    with wired(server.port, 250_000) as wire:
        monkeypatch.setenv("AIRFLOW_CONN_SHOP", direct.replace(str(server.port), str(wire.port)))
        code, said = _extract(nights, capsys, "erp_invoice_lines")
    assert (code, "broke while erp_invoice_lines in shop was read" in said) == (5, True)
    parts = sorted(tmp_path.glob("home/landing/erp_invoice_lines/.parts/*.parquet"))
    assert 2 <= len(parts) < 10
    assert nights.loads("erp_invoice_lines") == 0
    # What happens in the parts that were read, until somebody runs it again.
    oldest = "select min(modified) from sales.position"
    company.execute(f"delete from sales.position where modified = ({oldest})")
    company.execute(
        f"update sales.position set net = 1, modified = %s where modified = ({oldest})",
        company.at(),
    )
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", direct)
    landed = nights.extract("erp_invoice_lines")["erp_invoice_lines"]
    assert f"read in 10 parts, {len(parts)} of them before" in landed["notes"]
    assert landed["deleted"] > 0
    found = nights.landed("erp_invoice_lines", STAGED["erp_invoice_lines"])
    assert Counter(found) == Counter(nights.expected("erp_invoice_lines"))
    assert not (tmp_path / "home/landing/erp_invoice_lines/.parts").exists()
    assert nights.extract("erp_invoice_lines")["erp_invoice_lines"]["is_new"] is False


def test_a_server_that_is_down_is_tried_again_later(
    nights: Nights, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.stop()
    try:
        code, said = _extract(nights, capsys)
    finally:
        server.start()
    assert code == 5
    assert (
        f"{_line_of(SOURCES, 'shop:')}: system shop cannot be reached with connection shop" in said
    )
    assert "see whether the server is up, then run again" in said
    assert _extract(nights, capsys)[0] == 0


def test_a_host_that_is_silent_is_given_up(
    nights: Nights, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = f"postgresql://postgres@127.0.0.1:{port}/x?connect_timeout=2"
        monkeypatch.setenv("AIRFLOW_CONN_SHOP", url)
        code, said = _extract(nights, capsys)
    assert code == 5
    assert "system shop cannot be reached" in said


def test_a_wrong_password_is_told_and_not_repeated(
    nights: Nights, server: Server, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    nights.company.execute("drop role if exists reader; create role reader login password 'right'")
    address = server.url(nights.company.database, "reader:%s")
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", address % "wr0ng")
    code, said = _extract(nights, capsys)
    assert (code, "wr0ng" in said) == (2, False)
    assert f"{_line_of(SOURCES, 'shop:')}: system shop refuses connection shop" in said
    assert "password authentication failed" in said
    # With the right one the tables are still not his.
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", address % "right")
    code, said = _extract(nights, capsys, "crm_accounts")
    assert code == 2
    assert "permission denied for schema crm; grant select" in said
    nights.company.execute("drop role reader")


def test_a_missing_connection_is_told(
    nights: Nights, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SHOP")
    code, said = _extract(nights, capsys)
    assert code == 2
    assert f"{_line_of(SOURCES, 'shop:')}: system shop: there is no connection shop" in said
    assert "AIRFLOW_CONN_SHOP" in said


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("d.total as", "d.totl as", 2, "column d.totl does not exist"),
        ("from sales.document as d", "from sales.documents as d", 2,
         'relation "sales.documents" does not exist'),
        ("d.day as invoice_date,", "d.day as invoice_date,,", 2, 'syntax error at or near ","'),
        ("d.id as invoice_id", "d.id / 0 as invoice_id", 3, "division by zero"),
        ("d.id as invoice_id, ", "", 3, "required column invoice_id is missing"),
        ("as updated_at\n      from sales.document", "as changed_at\n      from sales.document", 3,
         "required column updated_at is missing; load: incremental needs it"),
        ("d.id as invoice_id", "pg_sleep(2)::text as invoice_id", 5, "statement_timeout (1 s)"),
    ],
)  # fmt: skip
def test_a_wrong_select_names_its_line(
    nights: Nights, capsys: pytest.CaptureFixture[str], old: str, new: str, code: int, said: str
) -> None:
    nights.sources = SOURCES.replace(old, new, 1).replace("timeout: 60", "timeout: 1")
    found, message = _extract(nights, capsys, "erp_invoices")
    assert found == code
    assert said in message
    is_exact = code == 2
    there = _line_of(nights.sources, new.split("\n")[0] if is_exact else "erp_invoices:")
    assert f"{there}: erp_invoices in shop" in message
    assert not (nights.home / "landing" / "erp_invoices").exists() or _landing(nights) == [
        "erp_invoices"
    ]


def test_check_tells_all_that_is_wrong(nights: Nights, capsys: pytest.CaptureFixture[str]) -> None:
    nights.sources = (
        SOURCES.replace("d.total as", "d.totl as").replace("{product_id: sku", "{product_id: skuu")
        .replace("trim(region) as region", "trim(region) as regoin")
    )  # fmt: skip
    file = str(nights.settings.sources)
    assert main(["sources", "check", "--sources", file]) == 3
    out, err = capsys.readouterr()
    assert "crm_users: full from shop, 3 of 13 columns" in out
    where = _line_of(nights.sources, "regoin")
    assert f"{where}: regoin is not in the contract: ignored; region?" in out
    assert f"{_line_of(nights.sources, 'd.totl')}: erp_invoices in shop: column d.totl" in err
    assert "required column product_id is missing" in err
    nights.sources = SOURCES
    assert main(["sources", "check", "--sources", str(nights.settings.sources)]) == 0


def test_preview_shows_rows_and_what_is_wrong(
    nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    nights.company.touch(10001, "kind = 'X'")
    nights.company.touch(10002, "due = '1066-10-14'")
    file = str(nights.settings.sources)
    assert main(["sources", "preview", "erp_invoices", "--rows", "3", "--sources", file]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        "invoice_id", "account_id", "document_type", "invoice_date", "due_date", "gross_amount",
        "status", "voided_on", "updated_at",
    ]  # fmt: skip
    assert [line.split()[0] for line in lines[1:4]] != []
    assert "60 rows looked at: 59 would land, 1 be held back" in lines
    assert "  column due_date: 1 values would become null" in lines
    assert any("key 10001, column document_type: 'X' must be one of" in line for line in lines)
    assert not nights.home.exists()


def test_preview_of_no_entity_says_which(
    nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(nights.settings.sources)
    assert main(["sources", "preview", "erp_invoice", "--sources", file]) == 2
    assert "erp_invoice is no entity of the contract; erp_invoices?" in capsys.readouterr().err
