"""Who belongs to whom at its limits: long chains, and records that the source has deleted."""

from __future__ import annotations

import pytest

from tests.properties.harness import Builder
from tests.properties.small import account, company, invoice


@pytest.fixture(scope="module")
def builder() -> Builder:
    return Builder()


@pytest.mark.parametrize("column", ["parent_account_id", "merged_into_account_id"])
@pytest.mark.parametrize(("steps", "root"), [(64, "N64"), (65, "N64")])
def test_a_chain_of_more_than_sixty_four_steps_counts_as_a_cycle(
    builder: Builder, column: str, steps: int, root: str
) -> None:
    """The top of the longer chain is on its own, as is whoever is 64 steps above the lowest."""
    accounts = [
        account(f"N{step:02}", **{column: f"N{step + 1:02}" if step < steps else None})
        for step in range(steps + 1)
    ]
    inputs = company("2026-06-30", accounts, [invoice("I", "N00", "2026-06-01", "5.00")])
    builder.build({1: inputs}, ["int_identity__account_units"])
    found = builder.rows(
        "select tier_unit_id, count(*) from intermediate.int_identity__account_units "
        "where epoch_date = (select max(epoch_date) from intermediate.int_identity__account_units) "
        "group by all order by all"
    )
    assert found == [(root, 65), *([("N65", 1)] if steps == 65 else [])]


def test_a_deleted_account_stays_with_what_it_bought_and_owes(builder: Builder) -> None:
    accounts = [account("A"), account("GONE", is_deleted=True), account("BARE", is_deleted=True)]
    sales = [invoice(of, of, "2025-06-10", "100.00") for of in ("A", "GONE")]
    inputs = company("2026-06-30", accounts, sales)
    builder.build({1: inputs}, ["accounts", "receivables_aging"])
    rows = "select account_id, lifetime_net_revenue_amount, gross_receivables_amount, tier"
    assert builder.rows(f"{rows} from marts.accounts order by 1") == [
        ("A", 100, 100, "INACTIVE"), ("BARE", 0, 0, "INACTIVE"), ("GONE", 100, 100, "INACTIVE"),
    ]  # fmt: skip
