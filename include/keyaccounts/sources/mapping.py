"""What `sources.yml` says, as values: systems, and how each entity comes from one of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from keyaccounts.errors import ConfigurationError
from keyaccounts.sources.rest_spec import ApiSpec, Requests


@dataclass(frozen=True)
class Line:
    """A line of the file, as messages name it."""

    file: str
    line: int

    def __str__(self) -> str:
        """Return `sources.yml line 12`."""
        return f"{self.file} line {self.line}"


@dataclass(frozen=True)
class Statement:
    """SQL of the file and where it stands; `is_block` says that its lines are those of the file."""

    text: str
    place: Line
    is_block: bool

    def place_of(self, position: int) -> Line:
        """Return the line of the file that holds the character at `position` (from 0)."""
        lines = self.text[: max(position, 0)].count("\n") if self.is_block else 0
        return Line(self.place.file, self.place.line + lines)


@dataclass(frozen=True)
class FileSpec:
    """Which files hold an entity and how they are written; None is found in each file."""

    pattern: str | None = None
    """A name or a glob below the folder; None: `<entity>.csv` or `<entity>.parquet`."""
    sheet: str | None = None
    header_row: int = 1
    delimiter: str | None = None
    encoding: str | None = None
    decimal_comma: bool | None = None
    date_format: str | None = None
    zone: str | None = None
    """Time zone of times without offset; None: UTC."""


@dataclass(frozen=True)
class System:
    """One system that data comes from. `address` is one of ADDRESSES with its value."""

    name: str
    kind: str
    place: Line
    base: Path
    """Folder of the file: relative paths start there."""
    address: tuple[str, str] = ("", "")
    folder: Path | None = None
    folder_url: str | None = None
    """Address of the folder in object storage, in place of `folder`."""
    statement_timeout: int = 3600
    api: ApiSpec | None = None
    """How to speak to a REST API; None for other kinds."""
    pool: str | None = None
    """Pool of Airflow that its entities are read in."""


@dataclass(frozen=True)
class Mapping:
    """How one entity comes from its system; `sql` is None for contract files and REST APIs.

    `columns` maps columns of the contract to those of a table; empty: they are called alike.
    """

    entity: str
    system: System
    place: Line
    load: str = "full"
    sql: Statement | None = None
    changes: Statement | None = None
    columns: dict[str, str] = field(default_factory=dict)
    column_places: dict[str, Line] = field(default_factory=dict)
    cursor: str = "updated_at"
    look_back: timedelta = timedelta(days=1)
    reconcile_every_days: int = 1
    requests: Requests | None = None
    """The requests to a REST API."""
    partition: timedelta | None = None
    """The span of the cursor that one part of a whole read covers; None: it has no parts."""
    file: FileSpec | None = None
    """What is said of its files; None for a contract file as it is."""

    @property
    def label(self) -> str:
        """How messages call what is read."""
        return f"{self.entity} in {self.system.name}"

    def statement(self, *, is_feed: bool) -> Statement:
        """Return the select of all rows, or that of the log of changes."""
        found = self.changes if is_feed else self.sql
        assert found is not None
        return found


@dataclass(frozen=True)
class Sources:
    """The whole file."""

    file: Path
    systems: dict[str, System]
    mappings: dict[str, Mapping]

    def mapping(self, entity: str) -> Mapping:
        """Return the mapping of an entity; raises ConfigurationError."""
        if entity not in self.mappings:
            raise ConfigurationError(
                f"{entity} is not in {self.file.name}; it has {', '.join(self.mappings)}"
            )
        return self.mappings[entity]
