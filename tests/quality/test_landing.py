"""The border check of what came in: what blocks, what only warns, what does not count.

Each expectation is seen red in test_bad_rows.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from keyaccounts.errors import SourceRefusedError
from keyaccounts.quality import check_landing
from keyaccounts.settings import Settings
from tests.conftest import run_at, silent
from tests.quality.conftest import DAY, company, deliver, publish

Company = dict[str, list[dict[str, object]]]
RUN = run_at(DAY)
YESTERDAY = run_at("2026-06-29")


def spoil(entity: str, count: int, **values: object) -> Callable[[Company], None]:
    """Return a change of the first rows of an entity."""

    def change(rows: Company) -> None:
        for row in rows[entity][:count]:
            row.update(values)

    return change


def test_a_doubt_warns_and_does_not_block(home: Settings, only: Any) -> None:
    rows = company()
    spoil("erp_orders", 1, currency_code="cny")(rows)
    deliver(home, RUN, **rows)
    only("currency_codes_are_codes")
    log: list[str] = []
    summary = check_landing(home, RUN, log.append)
    assert [(r["expectation"], r["blocks"], r["success"]) for r in summary["results"]] == [
        ("currency_codes_are_codes", False, False)
    ]
    assert "erp_orders has cny" in summary["warnings"][0]
    assert "warning" in log[0]
    assert "It warns because" in log[0]


def test_a_good_company_passes_everything(home: Settings) -> None:
    deliver(home, RUN, **company())
    publish(home, YESTERDAY)
    summary = check_landing(home, RUN, silent)
    assert (summary["passed"], summary["failed"], summary["warnings"]) == (10, 0, [])
    assert (home.home / summary["data_docs"]).is_file()


def test_a_tiny_company_is_judged_by_no_share(home: Settings) -> None:
    rows = company(2)
    spoil("erp_invoices", 1, gross_amount="1")(rows)
    del rows["erp_invoice_lines"][1]
    del rows["erp_payments"], rows["erp_payment_applications"], rows["erp_orders"]
    deliver(home, RUN, **rows)
    summary = check_landing(home, RUN, silent)
    assert summary["warnings"] == []
    assert "payments_are_applied" not in [r["expectation"] for r in summary["results"]]


def test_a_back_fill_passes_though_all_documents_came_later(home: Settings, only: Any) -> None:
    deliver(home, RUN, **company())
    only("dates_are_near")
    assert check_landing(home, run_at("2020-01-31"), silent)["failed"] == 0


def test_a_required_entity_without_rows_blocks(home: Settings, only: Any) -> None:
    rows = company(1)
    rows["erp_invoices"] = []
    deliver(home, RUN, **rows)
    only("required_entities_have_rows")
    with pytest.raises(SourceRefusedError) as error:
        check_landing(home, RUN, silent)
    assert "erp_invoices has no live row in load 1" in str(error.value)
    assert "nothing is built" in str(error.value)
    assert error.value.exit_code == 3


def test_deleted_rows_are_no_live_rows(home: Settings, only: Any) -> None:
    rows = company(1)
    rows["crm_accounts"][0]["is_deleted"] = "true"
    deliver(home, RUN, **rows)
    only("required_entities_have_rows")
    with pytest.raises(SourceRefusedError, match="crm_accounts has no live row"):
        check_landing(home, RUN, silent)


@pytest.fixture
def halved(home: Settings, only: Any) -> Settings:
    """A publication that rests on 100 orders, and 49 orders today."""
    only("no_entity_is_halved")
    deliver(home, YESTERDAY, **company(100))
    publish(home, YESTERDAY)
    deliver(home, RUN, erp_orders=company(49)["erp_orders"])
    return home


def test_a_halved_entity_blocks_and_says_what_to_do(halved: Settings) -> None:
    log: list[str] = []
    with pytest.raises(SourceRefusedError) as error:
        check_landing(halved, RUN, log.append)
    assert "erp_orders has 49 live rows in load 2, load 1 had 100" in str(error.value)
    assert "It blocks because a half-loaded feed looks like a mass drop" in log[0]
    assert "write 000001_2026-06-29 into the file accept_shrink" in str(error.value)


def test_another_half_load_on_the_next_night_blocks_as_well(halved: Settings) -> None:
    tomorrow = run_at("2026-07-01")
    deliver(halved, tomorrow, erp_orders=company(48)["erp_orders"])
    with pytest.raises(SourceRefusedError, match="48 live rows in load 3, load 1 had 100"):
        check_landing(halved, tomorrow, silent)


def test_an_accepted_shrinkage_passes_until_the_next_publication(halved: Settings) -> None:
    accept = halved.home / "accept_shrink"
    accept.write_text("000001_2026-06-29\n", "utf-8")
    assert check_landing(halved, RUN, silent)["failed"] == 0
    accept.write_text("000000_2026-06-28\n", "utf-8")
    with pytest.raises(SourceRefusedError):
        check_landing(halved, RUN, silent)


def test_half_of_the_rows_is_enough(home: Settings, only: Any) -> None:
    only("no_entity_is_halved")
    deliver(home, YESTERDAY, **company(100))
    publish(home, YESTERDAY)
    deliver(home, RUN, erp_orders=company(50)["erp_orders"])
    assert check_landing(home, RUN, silent)["passed"] == 1


def test_few_rows_an_earlier_day_or_no_publication_do_not_block(home: Settings, only: Any) -> None:
    only("no_entity_is_halved")
    deliver(home, YESTERDAY, **company(99))
    deliver(home, RUN, erp_orders=company(9)["erp_orders"])
    assert check_landing(home, RUN, silent)["passed"] == 1
    publish(home, YESTERDAY)
    assert check_landing(home, RUN, silent)["passed"] == 1


def test_a_back_fill_with_fewer_rows_does_not_block(home: Settings, only: Any) -> None:
    only("no_entity_is_halved")
    deliver(home, YESTERDAY, **company(100))
    publish(home, run_at("2026-01-01"))
    early = run_at("2026-01-31")
    deliver(home, early, erp_orders=company(9)["erp_orders"])
    publish(home, YESTERDAY)
    assert check_landing(home, early, silent)["passed"] == 1
