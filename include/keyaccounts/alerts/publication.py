"""Read what the notifier needs from the current publication, read-only."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts.alerts.errors import PublicationUnreadableError
from keyaccounts.alerts.model import Candidate, ClosedMonth
from keyaccounts.alerts.states import STATE_COLUMNS, State, has_ended

EVENT_COLUMNS = (
    "event_key",
    "alert_type",
    "unit_type",
    "unit_id",
    "account_id",
    "owner_user_id",
    "effective_date",
    "from_value",
    "to_value",
    "severity",
    "audience",
    "delivery",
    "cause",
    "at_stake_amount",
    "payload",
)


@dataclass(frozen=True)
class Publication:
    """The parts of one published version that alerts are made from."""

    version: str
    as_of_date: date
    base_currency: str
    month_ends_from: date
    """First evaluated month-end; `date.min` when the manifest names none."""
    candidates: tuple[Candidate, ...]
    a_units_by_month_end: Mapping[date, int]
    """Units of official tier A."""
    failed_checks: tuple[str, ...]
    """Blocking checks that differ at D."""
    account_names: Mapping[str, str]
    closed_month: ClosedMonth | None = None
    folder: Path | None = None
    """Where the version lies, for what is read only of the alerts that are sent."""


def read_publication(published: Path) -> Publication:
    """Return the version that `published/current` points to, resolved once.

    Raises PublicationUnreadableError when there is none or a part of it is missing.
    """
    try:
        folder = (published / "current").resolve(strict=True)
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        as_of_date = date.fromisoformat(manifest["as_of_date"])
        with duckdb.connect(str(folder / "keyaccounts.duckdb"), read_only=True) as bi:
            accounts = _accounts(bi)
            a_units = bi.execute(
                "select month_end, count(*) from marts.account_tiers where tier = 'A' group by all"
            ).fetchall()
            closed = _closed_month(bi, as_of_date)
        restricted = folder / "restricted" / "data_engineering.duckdb"
        with duckdb.connect(str(restricted), read_only=True) as private:
            columns = ", ".join(EVENT_COLUMNS)
            events = private.execute(
                f"select {columns} from marts.alert_events order by event_key"
            ).fetchall()
            checks = private.execute(
                "select distinct check_name from marts.receivables_reconciliation"
                " where as_of_date = ? and is_blocking and check_status = 'different' order by 1",
                [as_of_date],
            ).fetchall()
    except (OSError, duckdb.Error, KeyError, ValueError) as error:
        raise PublicationUnreadableError(f"publication {published / 'current'}: {error}") from error
    return Publication(
        version=str(manifest["version"]),
        as_of_date=as_of_date,
        base_currency=str(manifest["base_currency"]),
        month_ends_from=_month_ends_from(manifest),
        candidates=tuple(_as_of_now(candidate_from_row(row), accounts) for row in events),
        a_units_by_month_end=dict(a_units),
        failed_checks=tuple(name for (name,) in checks),
        account_names={account_id: account.name for account_id, account in accounts.items()},
        closed_month=closed,
        folder=folder,
    )


def _closed_month(bi: duckdb.DuckDBPyConnection, as_of_date: date) -> ClosedMonth | None:
    """Return the last month that had ended on a day; None where nothing was forecast for it."""
    after = as_of_date + timedelta(days=1)
    first_day = (after.replace(day=1) - timedelta(days=1)).replace(day=1)
    row = bi.execute(
        "select sum(actual_amount), sum(forecast_amount) from marts.forecasts"
        " where forecast_month = ? and forecast_amount is not null and actual_amount is not null",
        [first_day],
    ).fetchone()
    return None if row is None or row[1] is None else ClosedMonth(first_day, *row)


@dataclass(frozen=True)
class Told:
    """What a publication says today of events of before; without one it says nothing."""

    events: Mapping[str, Candidate]
    account_names: Mapping[str, str]
    base_currency: str
    as_of_date: date | None


def read_told(published: Path, keys: Collection[str]) -> Told:
    """Return the events of `keys` that the current publication still holds.

    Raises PublicationUnreadableError when a part of it is missing.
    """
    if not (published / "current").exists():
        return Told({}, {}, "", None)
    try:
        folder = (published / "current").resolve(strict=True)
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        with duckdb.connect(str(folder / "keyaccounts.duckdb"), read_only=True) as bi:
            accounts = _accounts(bi)
        restricted = folder / "restricted" / "data_engineering.duckdb"
        with duckdb.connect(str(restricted), read_only=True) as private:
            rows = private.execute(
                f"select {', '.join(EVENT_COLUMNS)} from marts.alert_events "
                "where event_key in (select unnest($1::varchar[]))",
                [list(keys)],
            ).fetchall()
    except (OSError, duckdb.Error, KeyError, ValueError) as error:
        raise PublicationUnreadableError(f"publication {published / 'current'}: {error}") from error
    return Told(
        events={row[0]: _as_of_now(candidate_from_row(row), accounts) for row in rows},
        account_names={account_id: account.name for account_id, account in accounts.items()},
        base_currency=str(manifest["base_currency"]),
        as_of_date=date.fromisoformat(manifest["as_of_date"]),
    )


def candidate_from_row(row: Sequence[Any]) -> Candidate:
    """Return the candidate of a row in the order of EVENT_COLUMNS; payload numbers are exact."""
    values = dict(zip(EVENT_COLUMNS, row, strict=True))
    values["payload"] = Payload(values["payload"] or "{}")
    return Candidate(**values)


class Payload(Mapping[str, Any]):
    """What an event carries, read when somebody asks: of a million events a night tells a few."""

    __slots__ = ("_text", "_values")

    def __init__(self, text: str) -> None:
        """Take a JSON object."""
        self._text = text
        self._values: dict[str, Any] | None = None

    def _read(self) -> dict[str, Any]:
        if self._values is None:
            self._values = json.loads(self._text, parse_float=Decimal)
        return self._values

    def __getitem__(self, key: str) -> Any:
        return self._read()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


@dataclass(frozen=True)
class _Account:
    name: str
    owner_user_id: str | None
    state: State


def _accounts(bi: duckdb.DuckDBPyConnection) -> dict[str, _Account]:
    columns = ", ".join(("account_id", "account_name", "owner_user_id", *STATE_COLUMNS))
    rows = bi.execute(f"select {columns} from marts.accounts").fetchall()
    return {row[0]: _Account(row[1], row[2], State(*row[3:])) for row in rows}


def _as_of_now(event: Candidate, accounts: Mapping[str, _Account]) -> Candidate:
    """The owner at send time stands above the owner of then, and what was so may have ended."""
    account = accounts.get(event.account_id or "")
    is_over = has_ended(event.alert_type, account.state if account else None, event.payload)
    owner = account.owner_user_id if account else event.owner_user_id
    return replace(event, owner_user_id=owner, has_ended=is_over)


def _month_ends_from(manifest: Mapping[str, Any]) -> date:
    text = manifest.get("month_ends_from")
    return date.fromisoformat(str(text)[:10]) if text else date.min
