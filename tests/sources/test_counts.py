"""The three numbers: a row that is lost or invented between two of them stops the night."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from keyaccounts.contract import load_contract
from keyaccounts.errors import CheckFailedError
from keyaccounts.landing.positions import read_position, write_position
from keyaccounts.landing.resolve import resolve
from keyaccounts.quality.counts import STAGED, Count, check_counts
from tests.conftest import silent
from tests.sources.company import Company
from tests.sources.nights import Nights

CompanyOf = Callable[..., Company]


def _check(nights: Nights) -> list[dict[str, object]]:
    return check_counts(nights.settings, nights.run, resolve(nights.settings), silent)


def test_a_row_that_the_landing_lacks_stops_the_night(
    company_of: CompanyOf, tmp_path: Path
) -> None:
    nights = Nights(company_of(), tmp_path / "home")
    nights.extract()
    assert {c["entity"]: c["source"] for c in _check(nights)}["erp_invoices"] == 60
    position = read_position(nights.settings, "erp_invoices")
    assert position is not None
    assert position.live == 60
    write_position(nights.settings, "erp_invoices", replace(position, live=61))
    with pytest.raises(CheckFailedError, match="erp_invoices: 61 rows at the source, 60 landed"):
        _check(nights)


def test_all_entities_are_counted_in_staging_but_those_of_another_grain() -> None:
    # Accounts are staged by version, plans by month.
    assert set(load_contract()) - set(STAGED) == {"crm_accounts", "crm_account_plans"}


def test_copies_of_a_row_count_once(company_of: CompanyOf, tmp_path: Path) -> None:
    nights = Nights(company_of(), tmp_path / "home")
    nights.company.execute("alter table sales.item drop constraint item_pkey")
    nights.company.execute("insert into sales.item select * from sales.item where sku = 'S1'")
    nights.extract()
    found = next(count for count in nights.counts() if count.entity == "erp_products")
    assert (found.source, found.landed, found.repeated, found.faults) == (21, 20, 1, [])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"staging": 96}, "99 rows landed, 96 in staging"),
        ({"staging": 98}, "99 rows landed, 98 in staging"),
        ({"source": 99}, "99 rows at the source, 99 landed"),
        ({"held_back": 2}, "100 rows at the source, 99 landed, 2 held back"),
    ],
)
def test_numbers_that_do_not_add_up_are_told(changes: dict[str, int], said: str) -> None:
    good = Count("erp_invoices", 100, 1, 0, 99, 1, 1, 97)
    assert good.faults == []
    assert said in replace(good, **changes).faults[0]  # type: ignore[arg-type]
