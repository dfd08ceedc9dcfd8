"""When business alerts wait: the circuit breaker and blocking checks."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from keyaccounts.alerts import schema
from keyaccounts.alerts.model import ClosedMonth
from keyaccounts.alerts.publication import read_publication

from .conftest import TUESDAY, Desk, event, write_publication

MONDAY = TUESDAY + timedelta(days=6)


def days(count: int) -> date:
    return TUESDAY + timedelta(days=count)


@pytest.mark.parametrize(
    ("dropped", "a_units", "is_held"), [(4, 10, False), (5, 100, False), (5, 99, True)]
)
def test_the_circuit_breaker_needs_five_units_and_five_percent(
    desk: Desk, dropped: int, a_units: int, is_held: bool
) -> None:
    rows = [event(f"ACC{i}") for i in range(dropped)]
    desk.night(TUESDAY, rows, publish={"a_units": a_units})
    expected = ("hold", "circuit_breaker") if is_held else ("send", "")
    assert set(desk.last()) == {expected}


def test_a_tripped_breaker_tells_twice_two_once_and_waits_for_a_human(desk: Desk) -> None:
    rows = [event(f"ACC{i}") for i in range(6)]
    other = event("ACC9", alert_type="credit_hold", severity="high")
    for day in (0, 1):
        summary = desk.night(days(day), [*rows, other], publish={"a_units": 50})
        assert summary["decisions"] == {"hold": 7}
    assert {mail["To"].addresses[0].addr_spec for mail in desk.channel.sent} == {
        "data@firm.test",
        "boss@firm.test",
    }
    assert len(desk.channel.sent) == 2
    assert "6 of 50 A units drop" in desk.text()
    desk.night(days(2), [*rows, other], publish={"a_units": 50}, release_holds=True)
    assert set(desk.last()) == {("send", "")}
    late = event("LATE")
    desk.night(days(3), [*rows, other, late], publish={"a_units": 50})
    assert ("hold", "circuit_breaker") not in desk.last()
    assert len(desk.channel.sent) == 4


@pytest.mark.parametrize(
    ("actual", "forecast", "is_held"),
    [("70.00", "100.00", True), ("70.01", "100.00", False), ("0", "100", True), ("-5", "0", False),
     ("-200", "-100", False)],
)  # fmt: skip
def test_a_month_thirty_percent_below_its_forecast_holds_what_is_to_be_told(
    desk: Desk, actual: str, forecast: str, is_held: bool
) -> None:
    month = ClosedMonth(date(2026, 3, 1), Decimal(actual), Decimal(forecast))
    desk.night(TUESDAY, [event()], publish={"closed_month": month})
    assert desk.last() == [("hold", "circuit_breaker") if is_held else ("send", "")]


def test_a_released_shortfall_stays_released_for_its_month_alone(desk: Desk) -> None:
    march, april = (ClosedMonth(date(2026, m, 1), Decimal(50), Decimal(100)) for m in (3, 4))
    desk.night(TUESDAY, [event()], publish={"closed_month": march})
    assert "net revenue of 2026-03 is 50.00, -50.0 % against the forecast of 100.00" in desk.text()
    desk.night(days(1), [event()], publish={"closed_month": march}, release_holds=True)
    desk.night(days(2), [event(), event("B")], publish={"closed_month": march})
    assert desk.last() == [("suppress", "already_sent"), ("send", "")]
    desk.night(days(30), [event("C", effective_date=days(29))], publish={"closed_month": april})
    assert desk.last() == [("hold", "circuit_breaker")]


@pytest.mark.parametrize(
    ("as_of_date", "expected"),
    [
        (date(2026, 4, 29), "2026-03"),
        (date(2026, 4, 30), "2026-04"),
        (date(2026, 3, 31), "2026-03"),
    ],
)
def test_the_closed_month_is_the_last_that_had_ended_of_accounts_with_a_forecast(
    tmp_path: Path, as_of_date: date, expected: str
) -> None:
    march, april = date(2026, 3, 1), date(2026, 4, 1)
    write_publication(
        tmp_path, as_of_date, [],
        forecasts=[(march, "100", "60"), (march, "10", "8"), (march, None, "900"),
                   (april, "200", "190")],
    )  # fmt: skip
    found = read_publication(tmp_path).closed_month
    sums = {march: (Decimal("68.00"), Decimal("110.00")), april: (Decimal(190), Decimal(200))}
    assert found == ClosedMonth(date.fromisoformat(f"{expected}-01"), *sums[found.first_day])


def test_without_a_forecast_nothing_is_short(tmp_path: Path) -> None:
    write_publication(tmp_path, date(2026, 4, 30), [], forecasts=[(date(2026, 4, 1), None, "9")])
    assert read_publication(tmp_path).closed_month is None


def test_history_before_go_live_does_not_trip_the_breaker(desk: Desk) -> None:
    rows = [event(f"ACC{i}", effective_date=date(2026, 3, 31)) for i in range(30)]
    summary = desk.with_settings(go_live_date=None).night(TUESDAY, rows)
    assert summary["decisions"] == {"baseline": 30}
    assert summary["holds"] == []


def test_drops_that_are_settled_never_trip_the_breaker_again(desk: Desk) -> None:
    rows = [event(f"ACC{i}") for i in range(6)]
    desk.night(TUESDAY, rows, publish={"a_units": 1000})
    desk.night(days(1), [*rows, event("NEW", alert_type="credit_hold")], publish={"a_units": 10})
    assert ("send", "") in desk.last()


def test_a_hold_that_comes_back_on_the_same_day_is_not_told_twice(desk: Desk) -> None:
    for checks in (["general_ledger"], [], ["general_ledger"]):
        desk.night(TUESDAY, [], publish={"failed_checks": checks})
    assert len(desk.channel.sent) == 2


def test_a_failed_blocking_check_holds_business_alerts_until_it_is_right(desk: Desk) -> None:
    check = event("company", audience="data_engineering", unit_type="company", account_id=None)
    desk.night(TUESDAY, [event(), check], publish={"failed_checks": ["general_ledger"]})
    assert desk.last() == [("hold", "blocking_check"), ("send", "")]
    assert "am1" not in {row["recipient"] for row in desk.rows(schema.messages)}
    desk.night(days(1), [event(), check])
    assert ("send", "") in desk.last()


def test_a_held_run_retracts_nothing_and_sends_no_digest(desk: Desk) -> None:
    desk.night(TUESDAY, [event(), event("B", severity="low")])
    desk.night(MONDAY, [event("B", severity="low")], publish={"failed_checks": ["general_ledger"]})
    assert {row[1] for row in desk.decisions()[2:]} == {"hold"}
    desk.night(MONDAY + timedelta(days=1), [event(), event("B", severity="low")])
    subjects = [mail["Subject"] for mail in desk.channel.sent]
    assert "Weekly account digest: 1 item, 1 alert without your answer" in subjects
