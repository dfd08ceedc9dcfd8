"""Nights that restate closed months: what is listed, that it repeats, and a kill harms nothing."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from tests.acceptance.loaders import write
from tests.end_to_end.command import read_until, run, started
from tests.end_to_end.published import Publication, publish_company
from tests.faults.small import ACCOUNTS, invoices, lines, small_company

pytestmark = pytest.mark.slow

CLOSED, LATER = "2026-05-31", "2026-06-30"
# The smallest customer, and by this invoice the largest.
LATE = {
    "invoice_id": "LATE", "account_id": "0001", "document_type": "invoice",
    "invoice_date": "2026-05-20", "gross_amount": "50000.00", "status": "posted",
}  # fmt: skip
LISTED = "month_end::varchar, tier_unit_id, first_value, current_value, late_documents_count"


def source_of_the_second_night(folder: Path) -> None:
    """A late invoice, another amount, a document that is gone, and an account that is merged."""
    documents = [
        {**document, "gross_amount": "600.00"}
        if document["invoice_id"] == "I0005-2603"
        else document
        for document in invoices()
        if document["invoice_id"] != "I0010-2512"
    ]
    write(folder, "erp_invoices", [*documents, LATE])
    write(folder, "erp_invoice_lines", lines([*documents, LATE]))
    write(
        folder,
        "crm_accounts",
        [
            {
                "account_id": account,
                "account_name": f"N {account}",
                "merged_into_account_id": "0002" if account == "0003" else None,
                "updated_at": "2026-06-15T08:00:00Z" if account == "0003" else None,
            }
            for account in ACCOUNTS
        ],
    )


@dataclass(frozen=True)
class Nights:
    """The publications of both nights."""

    source: Path
    first: Publication
    second: Publication

    @property
    def arguments(self) -> list[str]:
        home = self.first.settings.home
        return ["--home", str(home), "--source", str(self.source), "--as-of", LATER]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    folder = tmp_path_factory.mktemp("restated")
    source = small_company(folder / "source")
    first = publish_company(folder / "home", source, CLOSED)
    source_of_the_second_night(source)
    return Nights(source, first, publish_company(folder / "home", source, LATER))


def test_nothing_is_restated_on_the_first_night(nights: Nights) -> None:
    assert nights.first.mart_rows("restatements") == []


def test_exactly_the_months_that_a_document_touches_are_listed(nights: Nights) -> None:
    """The merge of June and the documents of June are not among them."""
    expected = [
        *((f"{month}", "0010", "12000.00", "11000.00", 1) for month in ("2025-12-31", "2026-01-31",
          "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31")),
        *((month, "0005", "6000.00", "6100.00", 1)
          for month in ("2026-03-31", "2026-04-30", "2026-05-31")),
        ("2026-05-31", "0001", "1200.00", "51200.00", 1),
    ]  # fmt: skip
    for measure in ("net_revenue", "profit"):
        listed = nights.second.mart_rows("restatements", LISTED, f"measure = '{measure}'")
        assert sorted(listed) == sorted(expected)


def test_tiers_are_listed_where_the_two_publications_differ(nights: Nights) -> None:
    columns = "month_end::varchar, tier_unit_id, tier"
    first, second = (
        {row[:2]: row[2] for row in night.mart_rows("account_tiers", columns)}
        for night in (nights.first, nights.second)
    )
    expected = {(*key, tier, second[key]) for key, tier in first.items() if tier != second[key]}
    listed = nights.second.mart_rows(
        "restatements", "month_end::varchar, tier_unit_id, first_value, current_value",
        "measure = 'tier' and difference_amount is null",
    )  # fmt: skip
    assert set(listed) == expected
    assert ("2026-05-31", "0001", "C", "A") in expected


def test_differences_add_up_to_the_change_of_the_month(nights: Nights) -> None:
    total = "sum(ttm_net_revenue_amount)"
    first, second = (
        night.mart_rows("account_tiers", total, f"month_end = '{CLOSED}'")[0][0]
        for night in (nights.first, nights.second)
    )
    listed = nights.second.mart_rows(
        "restatements", "sum(difference_amount)",
        f"month_end = '{CLOSED}' and measure = 'net_revenue'",
    )  # fmt: skip
    assert listed == [(second - first,)] == [(Decimal("49100.00"),)]


def test_a_kill_while_first_values_are_built_anew_harms_nothing(nights: Nights) -> None:
    derived = nights.first.settings.home / "warehouse" / "first_published"
    shutil.rmtree(derived)
    with started("nightly", "--no-notify", *nights.arguments) as process:
        assert "2025-07 to 2026-05 (1 of 1)" in read_until(process, "first published values")
        assert read_until(process, "int_revenue__lines:") != ""
    assert process.returncode == -9
    last = run("nightly", "--no-notify", *nights.arguments)
    assert last.returncode == 0, last.stderr
    assert "(1 of 1)" in last.stdout
    assert not list(derived.glob(".*"))
    current = nights.first.settings.published / "current"
    assert current.resolve() != nights.second.folder
    assert Publication(nights.first.settings, current, {}).digests == nights.second.digests


def test_a_run_for_the_earlier_day_compares_with_the_first_one(nights: Nights) -> None:
    home = nights.first.settings.home
    again = publish_company(home, nights.source, CLOSED)
    where = f"month_end <= '{CLOSED}'"
    for columns in (LISTED, "measure, difference_amount"):
        assert again.mart_rows("restatements", columns) == nights.second.mart_rows(
            "restatements", columns, where
        )
