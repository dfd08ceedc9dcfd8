"""Builders for alert tests: a fake publication, a notifier at a given time, recording channels."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from sqlalchemy import select

from keyaccounts import landing
from keyaccounts.alerts import schema
from keyaccounts.alerts.ledger import Ledger
from keyaccounts.alerts.model import ClosedMonth
from keyaccounts.alerts.notify import notify
from keyaccounts.alerts.publication import (
    EVENT_COLUMNS,
    Publication,
    candidate_from_row,
    read_publication,
)
from keyaccounts.alerts.states import STATE_COLUMNS, State
from keyaccounts.settings import Run, Settings

SHANGHAI = ZoneInfo("Asia/Shanghai")
TUESDAY = date(2026, 4, 7)
UNKNOWN = State(None, None, None, None)
USERS = [
    {"user_id": "am1", "user_name": "Li Wei", "email": "li@firm.test", "manager_user_id": "boss"},
    {"user_id": "am2", "user_name": "Ana", "email": "ana@firm.test", "manager_user_id": "boss"},
    {"user_id": "gone", "user_name": "Gone", "email": "gone@firm.test", "is_active": False,
     "manager_user_id": "boss"},
    {"user_id": "boss", "user_name": "The Boss", "email": "boss@firm.test"},
]  # fmt: skip
EVENT_TYPES = {
    "event_key": "varchar", "alert_type": "varchar", "unit_type": "varchar", "unit_id": "varchar",
    "account_id": "varchar", "owner_user_id": "varchar", "effective_date": "date",
    "from_value": "varchar", "to_value": "varchar", "severity": "varchar", "audience": "varchar",
    "delivery": "varchar", "cause": "varchar", "at_stake_amount": "decimal(18,2)",
    "payload": "varchar",
}  # fmt: skip


def at(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """Return an instant of a day in the business time zone."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


def event(account: str = "ACC1", **changes: Any) -> dict[str, Any]:
    """Return a row of alert_events: an A account that drops to B, unless changed."""
    row: dict[str, Any] = {
        "alert_type": "tier_drop",
        "unit_type": "tier_unit",
        "unit_id": account,
        "account_id": account,
        "owner_user_id": "am1",
        "effective_date": date(2026, 4, 6),
        "from_value": "A",
        "to_value": "B",
        "severity": "high",
        "audience": "account_team",
        "delivery": None,
        "cause": None,
        "at_stake_amount": None,
        "payload": "{}",
    } | changes
    parts = (row["alert_type"], row["unit_id"], row["from_value"], row["to_value"])
    key = "|".join(part for part in (*parts, str(row["effective_date"])) if part)
    is_immediate = row["severity"] in {"critical", "high"}
    row["delivery"] = row["delivery"] or ("immediate" if is_immediate else "digest")
    return {"event_key": key} | row


def drop_payload(**changes: Any) -> str:
    """Return the payload of a tier drop as the marts write it."""
    return json.dumps(
        {
            "account_name": "Blue River Pumps Ltd",
            "base_currency": "CNY",
            "cause": "own_decline",
            "channel": "direct",
            "days_since_two_way_contact": 74,
            "drivers": [
                {"amount": 120000.10, "driver": "new_product"},
                {"amount": -300250.25, "driver": "volume"},
                {"amount": -150000.00, "driver": "lost_product"},
                {"amount": -42000.55, "driver": "discount"},
                {"amount": -1000.05, "driver": "unit_cost"},
                {"amount": 0.00, "driver": "unexplained"},
            ],
            "effective_date": "2026-04-06",
            "from_tier": "A",
            "gross_open_amount": 250000.00,
            "last_purchase_date": "2026-02-11",
            "lost_products": [
                {"change_amount": -110000.00, "last_order_date": "2025-03-12",
                 "product_family": "Valves"},
                {"change_amount": -40000.00, "last_order_date": None, "product_family": "Seals"},
            ],
            "measure_used": "gross_profit",
            "overdue_90_plus_amount": 12000.00,
            "overdue_amount": 45000.50,
            "own_profit_change_amount": -373250.75,
            "own_profit_change_ratio": -0.314815,
            "owner_user_id": "am1",
            "profit_current_amount": 812345.00,
            "profit_prior_amount": 1185595.75,
            "profit_to_regain_amount": 950000.00,
            "threshold_change_amount": 20000.00,
            "tier_unit_id": "ACC1",
            "to_tier": "B",
        }
        | changes,
        sort_keys=True,
    )  # fmt: skip


@dataclass
class Recorder:
    """A channel that keeps what it is given; `fault` is raised instead while it is set."""

    sent: list[EmailMessage] = field(default_factory=list)
    fault: BaseException | None = None
    name: str = "recorder"

    def send(self, message: EmailMessage) -> None:
        """Keep the mail, or fail."""
        if self.fault is not None:
            raise self.fault
        self.sent.append(message)

    @property
    def keys(self) -> list[str]:
        """The idempotency keys, in order."""
        return [message["X-Keyaccounts-Key"] for message in self.sent]


def write_publication(
    published: Path,
    as_of_date: date,
    events: Sequence[Mapping[str, Any]],
    *,
    failed_checks: Sequence[str] = (),
    accounts: Sequence[tuple[str, str, str | None]] = (),
    states: Mapping[str, State] | None = None,
    forecasts: Sequence[tuple[date, str | None, str | None]] = (),
) -> None:
    """Write the parts of a publication that the notifier reads, and move the pointer."""
    folder = published / f"v{len(list(published.glob('v*')))}"
    (folder / "restricted").mkdir(parents=True)
    manifest = {
        "version": folder.name,
        "as_of_date": str(as_of_date),
        "base_currency": "CNY",
        "month_ends_from": "2025-01-31",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with duckdb.connect(str(folder / "keyaccounts.duckdb")) as bi:
        bi.execute("create schema marts")
        bi.execute(
            "create table marts.accounts"
            " (account_id varchar, account_name varchar, owner_user_id varchar,"
            " credit_status varchar, lifecycle_state varchar,"
            " is_contact_overdue boolean, is_single_threaded boolean)"
        )
        for account in accounts:
            state = (states or {}).get(account[0], UNKNOWN)
            bi.execute(
                "insert into marts.accounts values (?, ?, ?, ?, ?, ?, ?)",
                [*account, *(getattr(state, column) for column in STATE_COLUMNS)],
            )
        bi.execute(
            "create table marts.forecasts (forecast_month date, forecast_amount decimal(18,2),"
            " actual_amount decimal(18,2))"
        )
        for forecast in forecasts:
            bi.execute("insert into marts.forecasts values (?, ?, ?)", forecast)
        bi.execute(
            "create table marts.account_tiers as select date '2026-02-28' as month_end,"
            " 'U' || i as tier_unit_id, if(i < 100, 'A', 'B') as tier from range(300) t(i)"
        )
    with duckdb.connect(str(folder / "restricted" / "data_engineering.duckdb")) as private:
        private.execute("create schema marts")
        columns = ", ".join(f"{name} {kind}" for name, kind in EVENT_TYPES.items())
        private.execute(f"create table marts.alert_events ({columns})")
        for row in events:
            marks = ", ".join("?" * len(EVENT_TYPES))
            private.execute(
                f"insert into marts.alert_events values ({marks})",
                [row[name] for name in EVENT_TYPES],
            )
        private.execute(
            "create table marts.receivables_reconciliation (as_of_date date,"
            " check_name varchar, check_status varchar, is_blocking boolean)"
        )
        for name in failed_checks:
            private.execute(
                "insert into marts.receivables_reconciliation values (?, ?, 'different', true)",
                [as_of_date, name],
            )
    pointer = published / "current"
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(folder.name)


@dataclass
class Desk:
    """A home with a ledger; `night` publishes events and notifies."""

    settings: Settings
    channel: Recorder = field(default_factory=Recorder)
    lines: list[str] = field(default_factory=list)
    publications: dict[Path, Publication] = field(default_factory=dict)

    def publish(
        self,
        as_of_date: date,
        events: Sequence[Mapping[str, Any]],
        *,
        a_units: int = 100,
        failed_checks: Sequence[str] = (),
        month_ends_from: date = date(2025, 1, 31),
        closed_month: ClosedMonth | None = None,
        ended: Collection[str] = (),
    ) -> None:
        """Make a publication current, in memory; `write_publication` makes one of files."""
        self.publications[self.settings.published] = Publication(
            version=f"v{as_of_date}",
            as_of_date=as_of_date,
            base_currency="CNY",
            month_ends_from=month_ends_from,
            candidates=tuple(
                replace(
                    candidate_from_row([row[name] for name in EVENT_COLUMNS]),
                    has_ended=row["event_key"] in ended,
                )
                for row in events
            ),
            a_units_by_month_end={date(2026, 2, 28): a_units},
            failed_checks=tuple(failed_checks),
            account_names={"ACC1": "Blue River Pumps Ltd"},
            closed_month=closed_month,
        )

    def notify(self, as_of_date: date, wall_time: datetime, **options: Any) -> dict[str, Any]:
        """Run the step on what is published."""
        options = {"channels": [self.channel], "log": self.lines.append} | options
        return notify(self.settings, Run(as_of_date, wall_time), **options)

    def night(
        self,
        wall_date: date,
        events: Sequence[Mapping[str, Any]],
        *,
        as_of_date: date | None = None,
        hour: int = 9,
        publish: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """Publish for the day before `wall_date` and notify in the morning."""
        day = as_of_date or date.fromordinal(wall_date.toordinal() - 1)
        self.publish(day, events, **(publish or {}))
        return self.notify(day, at(wall_date, hour), **options)

    def rows(self, table: Any) -> list[dict[str, Any]]:
        """Return the rows of a ledger table in the order they were written."""
        ledger = Ledger(self.settings.ledger)
        try:
            with ledger.transaction() as connection:
                query = select(table).order_by(*table.primary_key.columns)
                return [dict(row) for row in connection.execute(query).mappings()]
        finally:
            ledger.close()

    def decisions(self) -> list[tuple[str, str, str, str, str]]:
        """Return event key, decision, channel, recipient and reason of every decision."""
        names = ("event_key", "decision", "channel", "recipient", "reason")
        return [tuple(row[name] for name in names) for row in self.rows(schema.decisions)]

    def last(self, **options: Any) -> list[tuple[str, str]]:
        """Return decision and reason of the last run."""
        rows = self.rows(schema.decisions)
        return [
            (row["decision"], row["reason"]) for row in rows if row["run_id"] == rows[-1]["run_id"]
        ]

    def outbox(self, suffix: str = ".txt") -> list[Path]:
        """Return the files of the outbox with a suffix."""
        return sorted(self.settings.outbox.rglob(f"*{suffix}"))

    def text(self) -> str:
        """Return all texts of the outbox, one after the other."""
        return "\n".join(path.read_text(encoding="utf-8") for path in self.outbox())

    def with_settings(self, **changes: Any) -> Desk:
        """Return the desk with other settings on the same home."""
        return replace(self, settings=replace(self.settings, **changes))


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[Mapping[str, Any]]], None]:
    """Return a function that lands users; USERS are landed at the start."""

    def land(rows: Sequence[Mapping[str, Any]]) -> None:
        monkeypatch.setattr(landing, "latest_rows", lambda settings, entity: list(rows))

    land(USERS)
    return land


@pytest.fixture
def desk(tmp_path: Path, users: object, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a desk whose go-live lies before the events of the tests."""
    publications: dict[Path, Publication] = {}
    monkeypatch.setattr(
        "keyaccounts.alerts.notify.read_publication",
        lambda published: publications.get(published) or read_publication(published),
    )
    return Desk(
        publications=publications,
        settings=Settings(
            home=tmp_path,
            go_live_date=date(2026, 1, 1),
            fallback_manager="boss",
            finance_control="finance@firm.test",
            data_engineers="data@firm.test",
            link_base="https://bi.test/account/",
        ),
    )
