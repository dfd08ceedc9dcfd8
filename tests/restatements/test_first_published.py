"""Values of then that cannot be had stop the night; the message says what to remove."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from keyaccounts.errors import CheckFailedError, KeyaccountsError
from keyaccounts.landing.closings import closings
from tests.properties.small import account, company, invoice
from tests.restatements.edits import known
from tests.restatements.nights import Home

CLOSED, LATER = date(2026, 5, 31), date(2026, 6, 10)
TOLD = (
    r"(?s)values first published as of 2026-05-31 .* the loads of then: .*"
    r"Without landing/closings/000001\.json nothing is compared with them"
)


def test_values_of_then_that_cannot_be_had_stop_the_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = invoice("OLD", "A", "2025-05-01", "100.00")
    first = company("2026-06-30", [account("A")], [old])
    late = company("2026-06-30", [account("A")], [old, invoice("L", "A", "2026-05-20", "50.00")])
    home = Home(tmp_path, first.rules)
    home.night(known(first, CLOSED), CLOSED)
    restated = home.night(known(late, LATER), LATER).restatements
    assert {row["month_end"] for row in restated} == {CLOSED}

    derived = home.settings.home / "warehouse" / "first_published"
    (load,) = (home.settings.landing / "erp_invoices" / "000001").glob("part-*.parquet")
    whole = load.read_bytes()
    load.write_bytes(b"damaged")
    for step in derived.glob("changes-*.parquet"):
        step.unlink()
    with pytest.raises(KeyaccountsError, match=TOLD):
        home.night(None, LATER)
    home.forget()
    with pytest.raises(KeyaccountsError, match=TOLD):
        home.night(None, LATER)
    assert not list(derived.glob("*"))

    def refused(*_: object) -> Path:
        raise CheckFailedError("1 data test(s) failed")

    load.write_bytes(whole)
    with monkeypatch.context() as patched:
        patched.setattr(home, "_build_then", refused)
        with pytest.raises(CheckFailedError, match=TOLD):
            home.night(None, LATER)
    assert [closing.as_of_date for closing in closings(home.settings)] == [CLOSED]

    (home.settings.landing / "closings" / "000001.json").unlink()
    assert home.night(None, LATER).restatements == []
