"""What every system looks like to the landing: Arrow batches, a count, and a position in time.

A source that comes later (REST, a spreadsheet) fits when it gives the same four things.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from keyaccounts.sources.mapping import Mapping


@dataclass(frozen=True)
class Window:
    """A span of the cursor: from `start` on, before `end`; None is open. Instants are aware."""

    start: datetime | None = None
    end: datetime | None = None


ALL = Window()


class Source(Protocol):
    """An open connection to a system.

    What is read through one connection is one state of the system, where the system can do that.
    `is_feed` reads the log of changes of a mapping in place of its rows.
    """

    @property
    def taken_at(self) -> datetime:
        """The instant of that state, by the clock of the system."""

    def columns(self, mapping: Mapping, *, is_feed: bool = False) -> dict[str, str]:
        """Return what the system delivers: columns in contract names, each with its type there."""

    def count(self, mapping: Mapping, window: Window, *, is_feed: bool = False) -> int | None:
        """Return the number of rows in a window; None when the system cannot count."""

    def bounds(self, mapping: Mapping) -> tuple[datetime, datetime] | None:
        """Return the first and the last instant of the cursor; None when there is none."""

    def batches(
        self,
        mapping: Mapping,
        columns: list[str],
        window: Window = ALL,
        *,
        is_feed: bool = False,
        limit: int | None = None,
    ) -> AbstractContextManager[pa.RecordBatchReader]:
        """Give the rows in a window as a stream; only `columns`, at most `limit`."""

    def parents(self) -> list[str]:
        """Return the records of the window read last that bring all their rows each time."""

    def close(self) -> None:
        """Let go of the system."""
