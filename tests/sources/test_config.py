"""What is wrong in a `sources.yml` is told with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from keyaccounts.contract import load_contract
from keyaccounts.errors import ConfigurationError
from keyaccounts.sources.config import load_sources
from keyaccounts.sources.faults import SCHEMA_FILE
from tests.conftest import settings_for

GOOD = """\
systems:
  erp:
    kind: postgres
    url: postgresql://reader@db/erp
  office: {kind: files, folder: files}
entities:
  crm_accounts:
    from: office
  erp_invoices:
    from: erp
    load: incremental
    look_back: 90 minutes
    sql: |
      -- the ledger
      select id as invoice_id
      from ledger
  erp_invoice_lines:
    from: erp
    table: sales.lines
    columns:
      invoice_line_id: id
"""


def _file(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "sources.yml"
    file.write_text(text, "utf-8")
    return file


def _faults(tmp_path: Path, old: str, new: str) -> str:
    assert old in GOOD
    with pytest.raises(ConfigurationError) as refused:
        load_sources(_file(tmp_path, GOOD.replace(old, new, 1)))
    return str(refused.value)


def test_a_good_file_is_read(tmp_path: Path) -> None:
    sources = load_sources(_file(tmp_path, GOOD))
    assert list(sources.mappings) == ["crm_accounts", "erp_invoices", "erp_invoice_lines"]
    invoices, lines = sources.mappings["erp_invoices"], sources.mappings["erp_invoice_lines"]
    assert invoices.look_back.total_seconds() == 5400
    assert (invoices.cursor, invoices.reconcile_every_days) == ("updated_at", 1)
    assert invoices.sql is not None
    assert str(invoices.sql.place_of(invoices.sql.text.index("id as"))) == "sources.yml line 15"
    assert lines.sql is not None
    assert lines.sql.text == "select * from sales.lines"
    assert sources.systems["office"].folder == tmp_path / "files"


def test_the_schema_names_the_entities_of_the_contract() -> None:
    schema = json.loads(SCHEMA_FILE.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["entities"]["propertyNames"]["enum"] == list(load_contract())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("erp_invoices:", "erp_invoice:", "line 9: erp_invoice is no entity of the contract; "
         "erp_invoices?"),
        ("    load: inc", "    lode: inc", "line 11: lode is no key of entities.erp_invo"),
        ("kind: postgres", "kind: postgress", "line 3: systems.erp.kind: 'postgress' is not"),
        ("from: erp", "from: erpp", "line 10: there is no system erpp; there are erp, office"),
        ("90 minutes", "90 min", "line 12: look_back does not read like 6 hours or 30 days"),
        ("90 minutes", "1 hour\n    partition: 1 week", "line 13: partition does not read like"),
        ("reader@db", "reader:secret@db", "line 4: the address must not carry a password"),
        ("db/erp", "db/erp?password=secret", "line 4: the address must not carry a password"),
        ("    url: ", "    password: secret\n    url: ",
         "line 4: password is no key of systems.erp; credentials come by connection or url_env"),
        ("    url: postgresql://reader@db/erp\n", "", "line 3: give one of connection (Airflow)"),
        ("    url: ", "    connection: erp\n    url: ", "line 3: give one of connection (Airflow)"),
        ("{kind: files, folder: files}", "{kind: files}", "line 5: a system of kind files needs a"),
        ("    from: office", "    from: office\n    load: incremental",
         "line 9: load: incremental takes each new file of a folder: give file as a pattern"),
        ("    from: office", "    from: office\n    sql: select 1", "line 9: sql is not for"),
        ("    from: office", "    from: office\n    load: changes",
         "line 9: files are loaded full or incremental"),
        ("    from: office", "    from: office\n    file: ../a.csv", "line 9: file is a name or a"),
        ("    from: office", "    from: office\n    file: a.csv\n    sheet: S",
         "line 10: sheet is for files that end in .xlsx or .xlsm"),
        ("    from: office", "    from: office\n    file: a.xlsx\n    encoding: utf-8",
         "line 10: encoding is for files of text"),
        ("    from: office", "    from: office\n    encoding: utf8mb4", "line 9: encoding utf8mb"),
        ("    from: office", "    from: office\n    encoding: hex", "line 9: encoding hex is no"),
        ("    from: office", "    from: office\n    date_format: dd.mm.yyyy",
         "line 9: date_format dd.mm.yyyy says no day, month, year; write it like %d.%m.%Y"),
        ("    from: office", "    from: office\n    zone: Berlin", "line 9: Berlin is no time z"),
        ("    from: office", "    from: office\n    delimiter: ';;'", "line 9: entities.crm_"),
        ("    from: office", "    from: office\n    columns: {account: a}",
         "line 9: account is no column of crm_accounts in the contract; account_id?"),
        ("    from: erp\n", "    from: erp\n    decimal_comma: true\n",
         "line 11: decimal_comma is for a system of kind files"),
        ("folder: files}", "folder: 's3://KEY:secret@b/f'}", "line 5: the address must not c"),
        ("folder: files}", "folder: 'ftp://b/f'}", "line 5: the address is no s3://BUCKET/FOLDER"),
        ("    table: sales.lines\n    columns:\n      invoice_line_id: id\n", "",
         "line 17: erp_invoice_lines needs either sql or table"),
        ("invoice_line_id: id", "invoice_line: id",
         "line 21: invoice_line is no column of erp_invoice_lines in the contract; invoice_l"),
        ("load: incremental", "load: changes", "line 11: load: changes and a select under changes"),
        ("load: incremental\n", "load: full\n", "line 12: look_back is for load: incremental or"),
        ("  crm_accounts:\n    from: office\n", "",
         "line 6: crm_accounts must be among the entities"),
        ("entities:", "entities", "line "),
        ("  office: {", "  erp: {", 'line 5: found duplicate key "erp"'),
        ("table: sales.lines", "table: sales.lines; drop", "line 19: entities.erp_invoice_lines"),
        ("kind: postgres", "kind: [postgres", "line "),
    ],
)  # fmt: skip
def test_a_fault_names_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    message = _faults(tmp_path, old, new)
    assert f"sources.yml {said}" in message
    assert "secret" not in message


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("erp_invoices:", "erp_invoice:").replace("90 minutes", "soon")
    with pytest.raises(ConfigurationError) as refused:
        load_sources(_file(tmp_path, text))
    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == [
        "sources.yml line 9", "sources.yml line 12",
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), [("", "line 1"), ("- 1\n", "line 1")])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load_sources(_file(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"sources .*nowhere\.yml is not a file"):
        settings_for(tmp_path, sources=str(tmp_path / "nowhere.yml"))
