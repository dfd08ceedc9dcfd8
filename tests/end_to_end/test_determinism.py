"""Same landing, same rules, same day: the same bytes (invariants I41 and I42, ruling 5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.demo_company import DAY, EARLIER, known_on, shuffled, stamped
from tests.end_to_end.published import Publication, publish_again, publish_company

# What was delivered is itself part of this mart: it says since when and how complete.
DEPENDS_ON_WHAT_LANDED = {"data_coverage"}
LISTS_LATER_ACCOUNTS = {"accounts"}


def test_a_second_run_over_the_same_landing_publishes_the_same_bytes(
    undisturbed: Publication, demo_source: Path
) -> None:
    again = publish_again(undisturbed.settings.home, demo_source, DAY)
    assert again.folder != undisturbed.folder
    assert again.digests == undisturbed.digests
    assert len(again.digests) >= 15


def test_neither_the_order_of_source_rows_nor_the_threads_change_anything(
    undisturbed: Publication, demo_source: Path, tmp_path: Path
) -> None:
    source = shuffled(demo_source, tmp_path / "source")
    other = publish_again(tmp_path / "home", source, DAY, threads=4)
    assert other.digests == undisturbed.digests


@pytest.fixture(scope="module")
def replayed(
    demo_source: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Publication, Publication]:
    """A run as of the earlier day when only that was known, and again half a year later."""
    folder = tmp_path_factory.mktemp("replay")
    later = stamped(demo_source, folder / "later")
    then = publish_company(folder / "home", known_on(later, folder / "then", EARLIER), EARLIER)
    publish_again(folder / "home", later, DAY)
    return then, publish_company(folder / "home", later, EARLIER)


def test_a_run_for_an_earlier_day_repeats_after_later_loads(
    replayed: tuple[Publication, Publication],
) -> None:
    then, again = replayed
    differing = {mart for mart in then.digests if then.digests[mart] != again.digests[mart]}
    assert differing <= DEPENDS_ON_WHAT_LANDED | LISTS_LATER_ACCOUNTS


def test_a_run_for_an_earlier_day_says_the_same_of_every_account(
    replayed: tuple[Publication, Publication],
) -> None:
    then, again = replayed
    known = then.mart_rows("accounts")
    assert [row for row in again.mart_rows("accounts") if row in known] == known


def test_a_run_for_an_earlier_day_lists_no_account_created_later(
    replayed: tuple[Publication, Publication],
) -> None:
    then, again = replayed
    assert again.mart_rows("accounts", "account_id") == then.mart_rows("accounts", "account_id")


def test_a_run_for_an_earlier_day_says_nothing_of_later_days(
    replayed: tuple[Publication, Publication],
) -> None:
    _, again = replayed
    assert max(again.mart_rows("account_tiers", "month_end::varchar")) == (EARLIER,)
    assert max(again.mart_rows("receivables_aging", "as_of_date::varchar")) == (EARLIER,)
    assert again.mart_rows("receivables_open_items", "*", f"invoice_date > '{EARLIER}'") == []
