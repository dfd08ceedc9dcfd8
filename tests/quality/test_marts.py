"""The border check of what goes out: what blocks, what only warns, what does not count.

Each expectation is seen red in test_bad_rows.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from keyaccounts.errors import CheckFailedError, KeyaccountsError
from keyaccounts.quality import check_marts
from keyaccounts.settings import Settings
from tests.conftest import run_at, silent
from tests.quality.conftest import Marts, publish

ALERTS = """
    create table marts.account_alerts as select date '2026-06-30' as as_of_date,
        'K1' as event_key, '{payload}' as payload
"""


def test_a_wrong_mart_blocks_and_the_address_stays_here(marts: Marts, only: Any) -> None:
    only("no_address_of_a_person")
    marts.change(ALERTS.format(payload='{"contact":"Bo@theirs.example"}'))
    log: list[str] = []
    with pytest.raises(CheckFailedError) as error:
        check_marts(marts.settings, marts.run, log.append)
    assert error.value.exit_code == 4
    assert "account_alerts.payload has 1 addresses" in str(error.value)
    assert "nothing is published" in str(error.value)
    assert "It blocks because" in log[0]
    assert "theirs.example" not in str(error.value)


def test_right_marts_pass(marts: Marts) -> None:
    publish(marts.settings, run_at("2026-06-29"), {"accounts": 2, "account_tiers": 3})
    summary = check_marts(marts.settings, marts.run, silent)
    assert (summary["passed"], summary["failed"], summary["warnings"]) == (11, 0, [])


def test_receivables_without_applications_must_be_empty(marts: Marts, only: Any) -> None:
    only("receivables_equal_documents")
    state = marts.settings.home / "warehouse" / "target" / "build_state.json"
    state.write_text(state.read_text("utf-8").replace('"erp_payment_applications", ', ""), "utf-8")
    with pytest.raises(CheckFailedError, match=r"has 70.00, the documents have 0"):
        check_marts(marts.settings, marts.run, silent)
    marts.change("delete from marts.receivables_open_items")
    assert check_marts(marts.settings, marts.run, silent)["passed"] == 1


def test_an_unknown_address_and_an_id_only_warn(marts: Marts, only: Any) -> None:
    only("no_unknown_address")
    marts.change(ALERTS.format(payload="ask shop@elsewhere.example"))
    marts.change("update marts.accounts set account_name = 'x@y.example' where account_id = 'A1'")
    summary = check_marts(marts.settings, marts.run, silent)
    assert "account_alerts.payload has 1 addresses" in summary["warnings"][0]
    assert "accounts.account_name has 1 addresses" in summary["warnings"][0]
    assert "elsewhere" not in str(summary)


@pytest.mark.parametrize(("mart", "before"), [("account_tiers", 100), ("revenue_movements", 1)])
def test_history_that_shrinks_blocks(marts: Marts, only: Any, mart: str, before: int) -> None:
    only("history_does_not_shrink")
    version = publish(marts.settings, run_at("2026-06-29"), {mart: before})
    with pytest.raises(CheckFailedError) as error:
        check_marts(marts.settings, marts.run, silent)
    assert f"{mart} has" in str(error.value)
    assert f"published are {before}" in str(error.value)
    assert f"write {version} into the file accept_shrink" in str(error.value)
    (marts.settings.home / "accept_shrink").write_text(version, "utf-8")
    assert check_marts(marts.settings, marts.run, silent)["failed"] == 0


def test_history_of_an_earlier_day_may_be_shorter(marts: Marts, only: Any) -> None:
    only("history_does_not_shrink")
    publish(marts.settings, run_at("2026-07-01"), {"account_tiers": 100})
    assert check_marts(marts.settings, marts.run, silent)["failed"] == 0


def test_without_a_warehouse_the_message_says_build(home: Settings) -> None:
    with pytest.raises(CheckFailedError, match="run build first"):
        check_marts(home, run_at("2026-06-30"), silent)


def test_what_cannot_be_measured_stops_the_run(marts: Marts, only: Any) -> None:
    only("one_measure_per_month_end")
    marts.change("alter table marts.account_tiers drop column measure_used")
    with pytest.raises(KeyaccountsError, match="the measure month_ends cannot be computed"):
        check_marts(marts.settings, marts.run, silent)
