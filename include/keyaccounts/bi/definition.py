"""The definitions of datasets, dashboards and roles in `include/superset`, read and checked."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from keyaccounts.errors import ConfigurationError
from keyaccounts.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "include" / "superset"
NAMESPACE = uuid.UUID("6b6579ac-636f-756e-7473-2d6269000001")
"""All identifiers are derived from it and a name: the same in every installation."""
KEYS_TO_ACCOUNT = {"account": "account_id", "unit": "tier_unit_id", "customer": "customer_key"}
CONDITIONS = {
    "latest": "is_latest",
    "last_month": "is_last_month_end",
}
TYPES = ("number", "day", "table", "bar", "line", "heatmap", "waterfall")
FILTERS = ("date", "channel", "region", "owner", "tier", "account")


@dataclass(frozen=True)
class Dataset:
    """What charts read: a mart, the key that leads to the account, conditions and metrics."""

    name: str
    mart: str
    by: str | None = None
    time: str | None = None
    where: str | None = None
    query: str | None = None
    adds: dict[str, dict[str, str]] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    metrics: dict[str, str] = field(default_factory=dict)

    @property
    def account_key(self) -> str | None:
        """The column that leads to the account, if there is one."""
        return KEYS_TO_ACCOUNT.get(self.by, self.by) if self.by else None


@dataclass(frozen=True)
class Chart:
    """One chart. `columns` are those of a table, `metrics` those of anything else."""

    name: str
    title: str
    type: str
    data: str
    width: int
    metrics: tuple[str, ...] = ()
    x: str | None = None
    y: str | None = None
    split: str | None = None
    columns: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    when: str | None = None
    where: str | None = None
    rows: int = 1000
    height: int | None = None
    total: str = "Total"
    stacked: bool = True
    no_cache: bool = False
    may_be_empty: bool = False

    @property
    def conditions(self) -> list[str]:
        """The conditions in SQL."""
        found = [CONDITIONS[self.when]] if self.when else []
        return found + ([self.where] if self.where else [])


@dataclass(frozen=True)
class Dashboard:
    """A page: who may open it, its filters, its charts in rows of twelve columns."""

    name: str
    title: str
    slug: str
    description: str
    roles: tuple[str, ...]
    filters: tuple[str, ...]
    rows: tuple[tuple[Chart, ...], ...]

    @property
    def charts(self) -> list[Chart]:
        """All charts, row by row."""
        return [chart for row in self.rows for chart in row]


@dataclass(frozen=True)
class Role:
    """Who may read which databases (groups of the publication, `bi` for the common one)."""

    name: str
    title: str
    databases: tuple[str, ...]
    own_rows: bool = False


def stable_id(kind: str, name: str) -> str:
    """Return the identifier of a thing; the same for the same name."""
    return str(uuid.uuid5(NAMESPACE, f"{kind}:{name}"))


def datasets(folder: Path = FOLDER) -> dict[str, Dataset]:
    """Return the datasets of `datasets.yml` by name."""
    found = yaml.safe_load((folder / "datasets.yml").read_text("utf-8"))
    return {name: _dataset(name, entry) for name, entry in found.items()}


def dashboards(folder: Path = FOLDER) -> list[Dashboard]:
    """Return the dashboards, one file each; raises ConfigurationError for what cannot be drawn."""
    known = datasets(folder)
    return [_dashboard(file, known) for file in sorted((folder / "dashboards").glob("*.yml"))]


def roles(folder: Path = FOLDER) -> dict[str, Role]:
    """Return the roles of `roles.yml` by name."""
    found = yaml.safe_load((folder / "roles.yml").read_text("utf-8"))
    return {name: Role(name, **_tuples(entry)) for name, entry in found.items()}


def _dataset(name: str, entry: dict[str, Any]) -> Dataset:
    entry = {"query" if key == "from" else key: value for key, value in entry.items()}
    return Dataset(name, **_tuples(entry))


def _dashboard(file: Path, known: dict[str, Dataset]) -> Dashboard:
    entry = _tuples(yaml.safe_load(file.read_text("utf-8")))
    rows = tuple(tuple(_chart(file, each, known) for each in row) for row in entry.pop("rows"))
    entry.setdefault("slug", file.stem.replace("_", "-"))
    made = Dashboard(name=file.stem, rows=rows, **entry)
    if wrong := [row[0].name for row in rows if sum(chart.width for chart in row) != 12]:
        raise ConfigurationError(f"{file.name}: the row of {wrong[0]} is not twelve columns wide")
    if unknown := set(made.filters) - set(FILTERS):
        raise ConfigurationError(f"{file.name}: there is no filter {sorted(unknown)[0]}")
    return made


def _chart(file: Path, entry: dict[str, Any], known: dict[str, Dataset]) -> Chart:
    if "metric" in entry:
        entry = {**entry, "metrics": [entry["metric"]]}
        del entry["metric"]
    try:
        chart = Chart(**_tuples(entry))
    except TypeError as error:
        raise ConfigurationError(f"{file.name}, {entry.get('name')}: {error}") from error
    where = f"{file.name}, {chart.name}"
    if chart.type not in TYPES:
        raise ConfigurationError(f"{where}: there is no chart type {chart.type}")
    if chart.data not in known:
        raise ConfigurationError(f"{where}: datasets.yml has no {chart.data}")
    if chart.type != "day" and (missing := set(chart.metrics) - set(known[chart.data].metrics)):
        raise ConfigurationError(f"{where}: {chart.data} has no metric {sorted(missing)[0]}")
    return chart


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()}


def column_of(order: str) -> tuple[str, bool]:
    """Split `column desc` into the column and whether it goes up."""
    column, _, how = order.partition(" ")
    if not re.fullmatch(r"(desc|asc)?", how):
        raise ConfigurationError(f"order: {order!r} is not a column with desc or asc")
    return column, how != "desc"
