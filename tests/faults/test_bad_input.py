"""Bad files and bad rows: what is refused, what is held back, and what the message says.

Each single rule of the contract is broken in test_every_rule.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from keyaccounts import nightly
from keyaccounts.errors import SourceRefusedError
from keyaccounts.landing.resolve import EntityState, resolve
from keyaccounts.warehouse.landing_schema import lay_out
from tests.conftest import run_at, settings_for, silent
from tests.faults.small import DAY, append, edit

Land = Callable[..., dict[str, Any]]


@pytest.fixture
def resolved(source: Path, tmp_path: Path) -> Callable[..., dict[str, EntityState]]:
    """Return a function that lands all of `source` and judges it."""

    def states(**more: object) -> dict[str, EntityState]:
        settings = settings_for(tmp_path / "home", source, **more)
        for entity in nightly.planned_entities(settings):
            nightly.extract(settings, run_at(DAY), entity, silent)
        return resolve(settings).entities

    return states


def _landed(tmp_path: Path, entity: str) -> list[str]:
    return sorted(path.name for path in (tmp_path / "home/landing" / entity).glob("*"))


def _refusal(land: Land, entity: str = "erp_invoices", **more: object) -> str:
    with pytest.raises(SourceRefusedError) as refused:
        land(entity, **more)
    assert refused.value.exit_code == 3
    return str(refused.value)


def test_an_empty_file_is_refused(source: Path, land: Land) -> None:
    (source / "erp_invoices.csv").write_text("")
    assert _refusal(land) == "erp_invoices.csv is empty: not even a header"


def test_a_file_without_header_is_refused(source: Path, land: Land, tmp_path: Path) -> None:
    file = source / "erp_invoices.csv"
    file.write_text(file.read_text().split("\n", 1)[1])
    message = _refusal(land)
    assert "erp_invoices.csv: required column invoice_id, account_id" in message
    assert "the file has I0001-2407, 0001, invoice, 2024-07-05" in message
    assert _landed(tmp_path, "erp_invoices") == []


def test_a_delimiter_that_nobody_knows_is_refused(source: Path, land: Land) -> None:
    file = source / "erp_invoices.csv"
    file.write_text(file.read_text().replace(",", ":"))
    assert "the file has invoice_id:account_id:document_type" in _refusal(land)


def test_lines_that_end_in_two_ways_are_refused(source: Path, land: Land, tmp_path: Path) -> None:
    file = source / "erp_invoice_lines.csv"
    lines = file.read_bytes().splitlines()
    file.write_bytes(b"\r\n".join(lines[:-1]) + b"\r\n" + lines[-1] + b"\n")
    message = _refusal(land, "erp_invoice_lines")
    assert message.startswith("erp_invoice_lines.csv cannot be taken apart: ")
    assert "its lines end in more than one way" in message
    assert _landed(tmp_path, "erp_invoice_lines") == []


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_usual_delimiters_are_read(source: Path, land: Land, delimiter: str) -> None:
    file = source / "erp_invoices.csv"
    file.write_text(file.read_text().replace(",", delimiter))
    assert land("erp_invoices")["rows"] == 240


def test_bytes_that_are_not_utf8_name_their_line(source: Path, land: Land) -> None:
    file = source / "crm_accounts.csv"
    file.write_bytes(file.read_bytes().replace(b"N 0003", "Müller".encode("latin-1")))
    message = _refusal(land, "crm_accounts")
    assert "crm_accounts.csv is refused: 1 of 10 rows break the contract" in message
    assert "crm_accounts.csv line 4:" in message
    assert "not utf-8 encoded" in message


def test_a_truncated_parquet_file_is_refused(
    source: Path, land: Land, demo_source: Path, tmp_path: Path
) -> None:
    whole = (demo_source / "erp_invoices.parquet").read_bytes()
    (source / "erp_invoices.csv").unlink()
    (source / "erp_invoices.parquet").write_bytes(whole[: len(whole) // 2])
    assert _refusal(land).startswith("erp_invoices.parquet cannot be read: ")
    assert _landed(tmp_path, "erp_invoices") == []


def test_two_files_for_one_entity_are_refused(source: Path, demo_source: Path) -> None:
    shutil.copy(demo_source / "erp_invoices.parquet", source)
    with pytest.raises(SourceRefusedError) as refused:
        nightly.planned_entities(settings_for(source.parent / "home", source))
    assert str(refused.value) == (
        "erp_invoices is there as .csv and as .parquet; keep one of the two"
    )


def test_a_source_that_vanishes_half_way_leaves_no_half_load(
    source: Path, land: Land, tmp_path: Path
) -> None:
    land("crm_accounts")
    shutil.rmtree(source)
    source.mkdir()
    assert _refusal(land) == (
        "erp_invoices: no erp_invoices.csv or erp_invoices.parquet in the source folder"
    )
    assert _landed(tmp_path, "crm_accounts") == ["000001"]
    assert _landed(tmp_path, "erp_invoices") == []


def test_six_per_cent_bad_rows_refuse_the_file(source: Path, land: Land, tmp_path: Path) -> None:
    edit(source, "erp_invoices", {line: {3: "2026-02-31"} for line in range(2, 17)})
    message = _refusal(land)
    assert (
        "erp_invoices.csv is refused: 15 of 240 rows break the contract (allowed 5.0%)" in message
    )
    assert (
        "erp_invoices.csv row 2, column invoice_date: '2026-02-31' is not a date (YYYY-MM-DD)"
        in message
    )
    assert _landed(tmp_path, "erp_invoices") == []


def test_two_per_cent_bad_rows_are_held_back_and_named(source: Path, land: Land) -> None:
    edit(source, "erp_invoices", {line: {6: "12.5o"} for line in (50, 60, 70, 80, 241)})
    landed = land("erp_invoices")
    assert (landed["rows"], landed["quarantined"]) == (235, 5)
    assert landed["examples"][0] == (
        "erp_invoices.csv row 50, column gross_amount: '12.5o' is not an amount"
    )


def test_exactly_the_allowed_share_lands(source: Path, land: Land) -> None:
    edit(source, "erp_invoices", {line: {3: "soon"} for line in range(2, 14)})
    assert land("erp_invoices")["quarantined"] == 12


def test_a_line_that_cannot_be_taken_apart_is_held_back_alone(source: Path, land: Land) -> None:
    line = append(source, "erp_invoices", "X1,0001,invoice")
    landed = land("erp_invoices")
    assert (landed["rows"], landed["quarantined"]) == (240, 1)
    assert landed["examples"] == [
        f"erp_invoices.csv line {line}: 'X1,0001,invoice' the line cannot be taken apart: "
        "expected number of columns: 9 found: 3"
    ]


def test_lines_behind_a_torn_one_keep_their_numbers(source: Path, land: Land) -> None:
    edit(source, "erp_invoices", {150: {3: "soon"}})
    file = source / "erp_invoices.csv"
    lines = file.read_text().splitlines()
    lines[99] = "torn"
    file.write_text("\n".join(lines) + "\n")
    assert [example.split(":")[0] for example in land("erp_invoices")["examples"]] == [
        "erp_invoices.csv line 100",
        "erp_invoices.csv row 150, column invoice_date",
    ]


def test_rows_behind_a_quoted_line_break_are_counted_as_a_spreadsheet_does(
    source: Path, land: Land
) -> None:
    edit(source, "crm_accounts", {2: {1: '"N\n1"'}, 11: {0: ""}})
    assert "row 11" in land("crm_accounts", max_quarantine_share=0.5)["examples"][0]


def test_an_open_quote_costs_its_line_and_not_the_file(source: Path, land: Land) -> None:
    edit(source, "crm_accounts", {5: {1: '"Foo" Ltd'}})
    landed = land("crm_accounts", max_quarantine_share=0.5)
    assert "crm_accounts.csv line 5" in landed["examples"][0]


def test_a_source_column_called_row_is_only_an_unknown_column(
    source: Path, resolved: Callable[..., dict[str, EntityState]]
) -> None:
    file = source / "crm_accounts.csv"
    header, *rows = file.read_text().splitlines()
    file.write_text("\n".join([f"{header},_row", *(f"{row},7" for row in rows)]) + "\n")
    append(source, "crm_accounts", "0001,another,7")
    assert resolved(max_quarantine_share=0.5)["crm_accounts"].rejected == 2


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "X1,0001,credit_note,2026-06-05,,,9.00,posted,",
            "column gross_amount: '9.00' a credit note must not be positive",
        ),
        (",0001,invoice,2026-06-05,,,9.00,posted,", "column invoice_id: must not be empty"),
    ],
)
def test_a_row_that_is_held_back_is_named_with_its_value_and_rule(
    source: Path, land: Land, row: str, said: str
) -> None:
    line = append(source, "erp_invoices", row)
    landed = land("erp_invoices")
    assert (landed["rows"], landed["quarantined"]) == (240, 1)
    assert landed["examples"] == [f"erp_invoices.csv row {line}, {said}"]


def test_a_bad_optional_value_becomes_null_and_the_invoice_stays(source: Path, land: Land) -> None:
    edit(source, "erp_invoices", {7: {4: "soon"}})
    landed = land("erp_invoices")
    assert (landed["rows"], landed["quarantined"], landed["nulled"]) == (240, 0, {"due_date": 1})
    assert landed["examples"] == [
        "erp_invoices.csv row 7, column due_date: 'soon' is not a date (YYYY-MM-DD) (made null)"
    ]


def test_identical_copies_of_a_row_count_once(
    source: Path, resolved: Callable[..., dict[str, EntityState]]
) -> None:
    append(source, "erp_invoices", "I0001-2407,0001,invoice,2024-07-05,,,100.00,posted,")
    assert resolved()["erp_invoices"].rejected == 0


def test_keys_that_share_a_hash_stand_once(
    source: Path, resolved: Callable[..., dict[str, EntityState]]
) -> None:
    for key in sharing_a_hash():
        append(source, "erp_invoices", f"{key},0001,invoice,2024-07-05,,,100.00,posted,")
    state = resolved()["erp_invoices"]
    assert (state.is_unique, state.rejected) == (True, 0)


def sharing_a_hash() -> tuple[str, str]:
    """Return two texts that DuckDB's hash does not tell apart."""
    one, other = "PAY000001-20240624", "PAY000091-20240124"
    # Another version of DuckDB may need another pair.
    assert duckdb.sql(f"select hash('{one}') = hash('{other}')").fetchall() == [(True,)]
    return one, other


def test_copies_whose_content_shares_a_hash_are_both_held_back(
    source: Path, resolved: Callable[..., dict[str, EntityState]]
) -> None:
    for order in sharing_a_hash():
        append(source, "erp_invoices", f"X,0001,invoice,2024-07-05,,,100.00,posted,{order}")
    assert resolved()["erp_invoices"].rejected == 2


def test_a_load_that_differs_in_what_shares_a_hash_lands(source: Path, land: Land) -> None:
    one, other = sharing_a_hash()
    append(source, "erp_invoices", f"X,0001,invoice,2024-07-05,,,100.00,posted,{one}")
    assert [land("erp_invoices")["is_new"] for _ in range(2)] == [True, False]
    file = source / "erp_invoices.csv"
    file.write_text(file.read_text("utf-8").replace(one, other), "utf-8")
    assert land("erp_invoices")["is_new"]


def test_copies_with_different_content_are_both_held_back(
    source: Path, resolved: Callable[..., dict[str, EntityState]]
) -> None:
    append(source, "erp_invoices", "I0001-2407,0001,invoice,2024-07-05,,,999.00,posted,")
    states = resolved()
    assert (states["erp_invoices"].rejected, states["erp_invoice_lines"].followers) == (2, 1)
    assert (
        "column invoice_id: 'I0001-2407' the key stands twice with different content"
        in states["erp_invoices"].examples[0]
    )


def test_a_double_key_names_both_rows(
    source: Path, resolved: Callable[..., dict[str, EntityState]]
) -> None:
    line = append(source, "erp_invoices", "I0001-2407,0001,invoice,2024-07-05,,,999.00,posted,")
    places = [example.split(" (")[0] for example in resolved()["erp_invoices"].examples]
    # Records are counted from 1, lines of the file from the header.
    assert places == ["erp_invoices.csv row 2", f"erp_invoices.csv row {line}"]


def test_an_orphan_in_a_required_reference_is_held_back(
    source: Path, resolved: Callable[..., dict[str, EntityState]]
) -> None:
    append(source, "erp_invoices", "X1,9999,invoice,2026-06-05,,,9.00,posted,")
    state = resolved()["erp_invoices"]
    assert state.rejected == 1
    assert state.examples == [
        "erp_invoices.csv row 242 (X1), column account_id: '9999' is not in crm_accounts"
    ]


def test_an_orphan_in_an_optional_reference_becomes_null(
    source: Path, resolved: Callable[..., dict[str, EntityState]]
) -> None:
    (source / "erp_orders.csv").write_text(
        "order_id,account_id,order_date,status\nO1,0001,2026-06-01,open\n"
    )
    append(source, "erp_invoices", "X1,0001,invoice,2026-06-05,,,9.00,posted,O9")
    state = resolved()["erp_invoices"]
    assert (state.rejected, state.nulled) == (0, {"order_id": 1})


def test_a_rater_that_nobody_knows_is_unknown_in_every_version(
    source: Path, tmp_path: Path
) -> None:
    (source / "crm_users.csv").write_text("user_id,user_name\nU1,Li\n")
    file = source / "crm_accounts.csv"
    head, *rows = file.read_text().splitlines()
    raters = ["U1", "U9", *[""] * len(rows)]
    rated = [f"{row},{rater}" for row, rater in zip(rows, raters, strict=False)]
    file.write_text("\n".join([f"{head},influence_rated_by_user_id", *rated, ""]))
    settings = settings_for(tmp_path / "home", source)
    for entity in nightly.planned_entities(settings):
        nightly.extract(settings, run_at(DAY), entity, silent)
    lay_out(settings, resolve(settings))
    with duckdb.connect(str(settings.warehouse), read_only=True) as con:
        found = con.execute(
            "select influence_rated_by_user_id, count(*) from landing.crm_account_versions "
            "group by all order by 1 nulls last"
        ).fetchall()
    assert found == [("U1", 1), (None, len(rows) - 1)]


def test_a_reference_to_what_is_not_delivered_stays_unchecked(
    source: Path, resolved: Callable[..., dict[str, EntityState]]
) -> None:
    append(source, "erp_invoices", "X1,0001,invoice,2026-06-05,,,9.00,posted,O9")
    assert resolved()["erp_invoices"].nulled == {}


def test_a_document_without_exchange_rate_is_held_back(
    source: Path, resolved: Callable[..., dict[str, EntityState]]
) -> None:
    append(source, "erp_invoices", "X1,0001,invoice,2026-06-05,,USD,9.00,posted,")
    state = resolved()["erp_invoices"]
    assert state.rejected == 1
    assert state.examples == [
        "erp_invoices.csv row 242 (X1), column currency_code: 'USD on 2026-06-05' missing_rate: "
        "no exchange rate in the 10 days up to the document date"
    ]


@pytest.mark.parametrize(("age", "rejected"), [("2026-05-26", 0), ("2026-05-25", 1)])
def test_a_rate_counts_for_ten_days(
    source: Path, resolved: Callable[..., dict[str, EntityState]], age: str, rejected: int
) -> None:
    (source / "erp_exchange_rates.csv").write_text(
        f"currency_code,rate_date,rate_to_base\nUSD,{age},7.1\n"
    )
    append(source, "erp_invoices", "X1,0001,invoice,2026-06-05,,USD,9.00,posted,")
    assert resolved()["erp_invoices"].rejected == rejected


@pytest.mark.parametrize(("days", "rejected"), [(30, 0), (2, 2)])
def test_another_age_limit_of_rates_is_judged_anew(
    source: Path, resolved: Callable[..., dict[str, EntityState]], days: int, rejected: int
) -> None:
    (source / "erp_exchange_rates.csv").write_text(
        "currency_code,rate_date,rate_to_base\nUSD,2026-05-23,7.1\nUSD,2026-06-25,7.1\n"
    )
    append(
        source, "erp_invoices",
        "X1,0001,invoice,2026-06-05,,USD,9.00,posted,",
        "X2,0001,invoice,2026-06-28,,USD,9.00,posted,",
    )  # fmt: skip
    assert resolved(max_rate_age_days=10)["erp_invoices"].rejected == 1
    assert resolved(max_rate_age_days=days)["erp_invoices"].rejected == rejected


def test_what_is_repaired_at_the_source_comes_in_with_the_next_load(
    source: Path, resolved: Callable[..., dict[str, EntityState]], land: Land
) -> None:
    edit(source, "erp_invoices", {9: {3: "soon"}})
    assert resolved()["erp_invoice_lines"].followers == 1
    edit(source, "erp_invoices", {9: {3: "2024-07-05"}})
    assert land("erp_invoices")["load"] == 2
    states = resolved()
    assert (states["erp_invoices"].rows, states["erp_invoice_lines"].followers) == (240, 0)
