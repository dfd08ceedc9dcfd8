"""Night after night staging equals the database, row by row.

A bigger company, or more nights: SOURCES_SIZE=100000 SOURCES_NIGHTS=30 in the environment.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from keyaccounts.errors import SourceRefusedError
from tests.sources.company import SOURCES, Company
from tests.sources.nights import STAGED, Nights

SIZE = int(os.environ.get("SOURCES_SIZE", "400"))
NIGHTS = int(os.environ.get("SOURCES_NIGHTS", "4"))
CompanyOf = Callable[..., Company]


@pytest.mark.slow
def test_staging_equals_the_database_night_after_night(
    company_of: CompanyOf, tmp_path: Path
) -> None:
    nights = Nights(company_of(SIZE), tmp_path / "home")
    for night in range(NIGHTS + 2):
        said = nights.extract()
        nights.stage()
        nights.compare()
        if night:
            # Only what moved has come, and what is gone.
            assert said["erp_invoice_lines"]["deleted"] > 0
            assert said["erp_invoice_lines"]["rows"] < SIZE / 2
        if night == 1:
            nights.company.execute("alter table sales.document add column color text default 'x'")
        if night == 2:
            assert any("column color is new at the source" in line for line in nights.log)
            nights.company.execute("alter table sales.document alter due type text")
        nights.company.night()
    assert nights.loads("erp_products") == 1


@pytest.mark.parametrize("seed", range(2, 5))
def test_the_landing_follows_other_companies(
    company_of: CompanyOf, tmp_path: Path, seed: int
) -> None:
    nights = Nights(company_of(60, seed), tmp_path / "home")
    for _ in range(4):
        nights.extract()
        for entity in ("erp_invoices", "erp_invoice_lines", "crm_activities"):
            found = nights.landed(entity, STAGED[entity].replace("currency_code", "'EUR'"))
            assert Counter(found) == Counter(nights.expected(entity, is_void=True)), entity
        assert [fault for count in nights.counts() for fault in count.faults] == []
        nights.company.night()


def test_a_window_read_twice_changes_nothing(company_of: CompanyOf, tmp_path: Path) -> None:
    nights = Nights(company_of(), tmp_path / "home")
    nights.extract()
    nights.company.night()
    first = nights.extract()
    before = {entity: nights.loads(entity) for entity in first}
    rows = nights.landed("erp_invoice_lines")
    again = nights.extract()
    assert {entity: nights.loads(entity) for entity in first} == before
    assert [said["is_new"] for said in again.values()] == [False] * len(again)
    assert again["erp_invoice_lines"]["unchanged"] > 0
    assert nights.landed("erp_invoice_lines") == rows


def test_a_missed_night_is_caught_up(company_of: CompanyOf, tmp_path: Path) -> None:
    nights = Nights(company_of(), tmp_path / "home", _without_keys(SOURCES))
    nights.extract()
    nights.company.day += _days(1)
    nights.company.add_documents(3)
    nights.company.day += _days(9)
    nights.company.add_documents(2)
    said = nights.extract("erp_invoices")
    assert said["erp_invoices"]["rows"] == 5


def test_without_its_position_a_run_reads_on_from_the_loads(
    company_of: CompanyOf, tmp_path: Path
) -> None:
    nights = Nights(company_of(), tmp_path / "home", _without_keys(SOURCES))
    nights.extract()
    nights.company.day += _days(1)
    nights.company.add_documents(3)
    (tmp_path / "home/sources/erp_invoices.json").unlink()
    assert nights.extract("erp_invoices")["erp_invoices"]["rows"] == 3


def test_a_run_for_an_earlier_day_lands_nothing_new(company_of: CompanyOf, tmp_path: Path) -> None:
    nights = Nights(company_of(), tmp_path / "home")
    nights.extract()
    for _ in range(2):
        nights.company.night()
        nights.extract()
    before = nights.loads("erp_invoices"), nights.landed("erp_invoices")
    nights.company.day -= _days(1)
    nights.extract("erp_invoices")
    assert (nights.loads("erp_invoices"), nights.landed("erp_invoices")) == before


def test_what_commits_before_the_look_back_is_found_by_its_key(
    company_of: CompanyOf, tmp_path: Path
) -> None:
    company = company_of()
    nights = Nights(company, tmp_path / "home")
    nights.extract()
    company.day += _days(3)
    nights.extract()
    company.day += _days(1)
    # Stamped three days ago, there only now: one new row and one changed.
    company.execute(
        "insert into sales.document values (99, 1, 'R', %s, null, 5, 'posted', %s)",
        company.day, company.at(days=3),
    )  # fmt: skip
    company.execute(
        "update sales.document set total = 7, modified = %s where id = 10001", company.at(days=3)
    )
    assert nights.extract("erp_invoices")["erp_invoices"]["rows"] == 2
    assert any("rows changed before the look-back" in line for line in nights.log)
    found = dict(nights.landed("erp_invoices", "invoice_id, gross_amount"))
    assert (found["99"], found["10001"]) == (5, 7)


def test_without_comparing_keys_it_is_not_found(company_of: CompanyOf, tmp_path: Path) -> None:
    company = company_of()
    nights = Nights(company, tmp_path / "home", _without_keys(SOURCES))
    nights.extract()
    company.day += _days(3)
    company.execute("delete from sales.document where id = 10001")
    said = nights.extract("erp_invoices")["erp_invoices"]
    assert (said["rows"], said["deleted"]) == (0, 0)


def test_a_row_that_is_restored_with_its_old_stamp_comes_back(
    company_of: CompanyOf, tmp_path: Path
) -> None:
    company = company_of()
    nights = Nights(company, tmp_path / "home")
    nights.extract()
    whole = nights.landed("erp_invoices", "invoice_id, gross_amount")
    company.execute("create table kept as select * from sales.document")
    company.day += _days(1)
    company.execute("delete from sales.document where id = 10001")
    company.touch(10002, "total = 3")
    assert nights.extract("erp_invoices")["erp_invoices"]["deleted"] == 1
    assert len(nights.landed("erp_invoices")) == len(whole) - 1
    company.day += _days(1)
    company.execute("truncate sales.document")
    company.execute("insert into sales.document select * from kept")
    nights.extract("erp_invoices")
    assert any("older than landed" in line for line in nights.log)
    assert nights.landed("erp_invoices", "invoice_id, gross_amount") == whole


def test_what_is_restored_alone_with_its_old_stamp_comes_back(
    company_of: CompanyOf, tmp_path: Path
) -> None:
    company = company_of()
    nights = Nights(company, tmp_path / "home")
    nights.extract()
    whole = nights.landed("erp_invoices", "invoice_id, gross_amount")
    company.execute("create table kept as select * from sales.document where id = 10001")
    company.day += _days(1)
    company.execute("delete from sales.document where id = 10001")
    nights.extract("erp_invoices")
    company.day += _days(1)
    company.execute("insert into sales.document select * from kept")
    assert nights.extract("erp_invoices")["erp_invoices"]["rows"] == 1
    assert nights.landed("erp_invoices", "invoice_id, gross_amount") == whole


def test_what_was_gone_before_is_no_loss_of_tonight(company_of: CompanyOf, tmp_path: Path) -> None:
    company = company_of(200)
    nights = Nights(company, tmp_path / "home")
    nights.extract()
    company.day += _days(1)
    company.execute("delete from sales.document where id <= 10080")
    assert nights.extract("erp_invoices")["erp_invoices"]["deleted"] == 80
    company.day += _days(1)
    # With those of the night before these would be most of the rows that are left.
    company.execute("delete from sales.document where id <= 10110")
    assert nights.extract("erp_invoices")["erp_invoices"]["deleted"] == 30


def test_of_several_versions_the_newest_is_compared(company_of: CompanyOf, tmp_path: Path) -> None:
    company = company_of()
    nights = Nights(company, tmp_path / "home")
    nights.extract()
    for total in (3, 2):
        company.day += _days(1)
        company.touch(10001, f"total = {total}")
        assert nights.extract("erp_invoices")["erp_invoices"]["rows"] == 1
    company.day += _days(3)
    said = nights.extract("erp_invoices")["erp_invoices"]
    assert (said["rows"], said["unchanged"]) == (0, 0)
    assert [line for line in nights.log if "look-back" in line or "older" in line] == []


def test_a_row_without_its_key_stays_held_back(company_of: CompanyOf, tmp_path: Path) -> None:
    company = company_of()
    keyless = SOURCES.replace("d.id as invoice_id", "nullif(d.id, 10001) as invoice_id")
    nights = Nights(company, tmp_path / "home", keyless)
    assert nights.extract()["erp_invoices"]["quarantined"] == 1
    for _ in range(2):
        company.day += _days(1)
        said = nights.extract("erp_invoices")["erp_invoices"]
        assert (said["rows"], said["quarantined"]) == (0, 0)
        [count] = [count for count in nights.counts() if count.entity == "erp_invoices"]
        assert (count.source, count.held_back, count.landed, count.faults) == (60, 1, 59, [])


def test_a_bad_newest_version_does_not_leave_the_old_one(
    company_of: CompanyOf, tmp_path: Path
) -> None:
    company = company_of()
    nights = Nights(company, tmp_path / "home")
    nights.extract()
    whole = len(nights.landed("erp_invoices"))
    company.day += _days(1)
    company.add_documents(3)
    company.touch(10001, "kind = 'X'")
    said = nights.extract("erp_invoices")["erp_invoices"]
    assert (said["quarantined"], said["deleted"]) == (1, 1)
    assert (
        "erp_invoices in shop key 10001, column document_type: 'X' must be one of"
        in (said["examples"][0])
    )
    assert "10001" not in dict(nights.landed("erp_invoices", "invoice_id, 1"))
    # It stays held back, and is not named again.
    company.day += _days(1)
    assert nights.extract("erp_invoices")["erp_invoices"]["quarantined"] == 0
    assert [c.faults for c in nights.counts() if c.entity == "erp_invoices"] == [[]]
    company.day += _days(1)
    company.touch(10001, "kind = 'R'")
    assert nights.extract("erp_invoices")["erp_invoices"]["rows"] == 1
    assert len(nights.landed("erp_invoices")) == whole + 3


def test_what_is_held_back_is_read_again_once_its_stamp_is_another(
    company_of: CompanyOf, tmp_path: Path
) -> None:
    company = company_of()
    nights = Nights(company, tmp_path / "home")
    company.touch(10001, "kind = 'X'")
    nights.extract()
    company.day += _days(5)
    # Repaired, by its stamp before the first night: no window reaches back to it.
    sql = "update sales.document set kind = 'R', modified = %s where id = 10001"
    company.execute(sql, company.at(days=6))
    assert nights.extract("erp_invoices")["erp_invoices"]["rows"] == 1
    assert any("rows changed before the look-back" in line for line in nights.log)


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ("due = '1066-10-14'", (0, {"due_date": 1})),
        ("kind = 'X'", (1, {})),
        ("state = ''", (0, {})),
        ("total = 'NaN'", (1, {})),
        ("day = 'infinity'", (1, {})),
    ],
)
def test_a_first_load_tells_what_is_wrong_in_it(
    company_of: CompanyOf, tmp_path: Path, change: str, counts: tuple[int, dict[str, int]]
) -> None:
    nights = Nights(company_of(), tmp_path / "home")
    nights.company.touch(10001, change)
    said = nights.extract("erp_invoices")["erp_invoices"]
    assert (said["quarantined"], said["nulled"]) == counts
    assert said["source_rows"] == said["rows"] + said["quarantined"] == 60


def test_a_window_full_of_bad_rows_is_refused(company_of: CompanyOf, tmp_path: Path) -> None:
    nights = Nights(company_of(), tmp_path / "home")
    nights.extract()
    before = nights.loads("erp_invoices")
    nights.company.day += _days(1)
    sql = "update sales.document set kind = 'X', modified = %s where id <= 10025"
    nights.company.execute(sql, nights.company.at())
    with pytest.raises(SourceRefusedError, match="25 of 50 rows break the contract"):
        nights.extract("erp_invoices")
    assert nights.loads("erp_invoices") == before


def test_another_select_reads_all_rows_again(company_of: CompanyOf, tmp_path: Path) -> None:
    nights = Nights(company_of(), tmp_path / "home")
    nights.extract()
    nights.sources = SOURCES.replace("d.total as", "d.total * 2 as")
    doubled = [2 * row[0] for row in nights.landed("erp_invoices", "gross_amount")]
    nights.extract("erp_invoices")
    assert any("all rows are read again" in line for line in nights.log)
    assert [row[0] for row in nights.landed("erp_invoices", "gross_amount")] == doubled


def test_reload_reads_all_rows_again(company_of: CompanyOf, tmp_path: Path) -> None:
    nights = Nights(company_of(), tmp_path / "home", _without_keys(SOURCES))
    nights.extract()
    nights.company.execute("update sales.document set total = 1")
    nights.extract("erp_invoices", reload=frozenset({"erp_invoices"}))
    assert {row[0] for row in nights.landed("erp_invoices", "gross_amount")} == {1}


@pytest.mark.parametrize("entity", ["erp_products", "erp_invoices"])
def test_an_entity_that_is_empty_now_is_refused_until_confirmed(
    company_of: CompanyOf, tmp_path: Path, entity: str
) -> None:
    nights = Nights(company_of(), tmp_path / "home")
    nights.extract()
    whole = nights.landed(entity)
    nights.company.day += _days(1)
    nights.company.execute("delete from sales.item; delete from sales.document")
    with pytest.raises(SourceRefusedError, match=f"--allow-empty {entity}"):
        nights.extract(entity)
    assert nights.landed(entity) == whole
    nights.extract(entity, allow_empty=frozenset({entity}))
    assert nights.landed(entity) == []


def test_a_column_that_is_gone_is_null_everywhere_and_reported(
    company_of: CompanyOf, tmp_path: Path
) -> None:
    nights = Nights(company_of(), tmp_path / "home")
    nights.extract()
    nights.company.execute("alter table sales.item drop column class")
    said = nights.extract("erp_products")["erp_products"]
    assert "product_category" in said["missing_columns"]
    assert any("column product_category is gone at the source" in line for line in nights.log)
    assert {row[0] for row in nights.landed("erp_products", "product_category")} == {None}


def test_a_required_column_that_is_gone_refuses_the_load(
    company_of: CompanyOf, tmp_path: Path
) -> None:
    nights = Nights(company_of(), tmp_path / "home")
    nights.extract()
    whole = nights.landed("erp_products")
    nights.company.execute("alter table sales.item rename sku to code")
    with pytest.raises(SourceRefusedError, match=r"sources.yml line \d+: .*product_id is missing"):
        nights.extract("erp_products")
    assert nights.landed("erp_products") == whole


def test_a_type_that_no_longer_parses_refuses_the_load(
    company_of: CompanyOf, tmp_path: Path
) -> None:
    nights = Nights(company_of(), tmp_path / "home")
    nights.extract()
    nights.company.day += _days(1)
    nights.company.execute("alter table sales.document alter due type text")
    nights.company.touch(10001, "due = '31.12.2026'")
    with pytest.raises(
        SourceRefusedError, match=r"due_date was date and is text now.*31\.12\.2026"
    ):
        nights.extract("erp_invoices")


def _without_keys(text: str) -> str:
    return text.replace("look_back: 6 hours", "look_back: 6 hours\n    reconcile_every_days: 0")


def _days(count: int) -> timedelta:
    return timedelta(days=count)
