"""Publish the built marts as a version of their own and move the pointer last.

A version holds `keyaccounts.duckdb` (schema `marts`) and `parquet/<mart>.parquet` for BI, the same
below `restricted/` for marts that are not for BI (ruling 26), and `manifest.json`. Readers follow
`current`, a symbolic link that is replaced by one rename: they see the old version or the new one.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from keyaccounts.errors import CheckFailedError, KeyaccountsError
from keyaccounts.settings import PROJECT_ROOT, Run, Settings
from keyaccounts.warehouse.build import built_state
from keyaccounts.warehouse.first_published import close

# Readable by DuckDB 1.2 and later: BI tools bring their own, older client.
STORAGE_VERSION = "v1.2.0"
CURRENT = "current"


@dataclass(frozen=True)
class Mart:
    """A published mart: where it lies, its grain (the order of its rows) and its texts."""

    name: str
    grain: tuple[str, ...]
    audience: tuple[str, ...]
    description: str
    columns: dict[str, str]

    @property
    def group(self) -> str | None:
        """The group that may read it, or None for everybody."""
        return None if "bi" in self.audience else self.audience[0]


@dataclass(frozen=True)
class Published:
    """The version that `current` names after the step; rows by mart."""

    version: str
    folder: Path
    rows: dict[str, int]


@cache
def mart_contract() -> dict[str, Mart]:
    """Return the marts of `marts.yml` by name."""
    text = (PROJECT_ROOT / "dbt_project" / "marts.yml").read_text(encoding="utf-8")
    return {
        mart["name"]: Mart(
            mart["name"],
            tuple(mart["grain"]),
            tuple(mart["audience"]),
            mart["description"],
            {column["name"]: column["meaning"] for column in mart["columns"]},
        )
        for mart in yaml.safe_load(text)["marts"]
    }


def publish(settings: Settings, run: Run, log: Callable[[str], None] = print) -> Published:
    """Write a new version from the warehouse and point `current` at it.

    Raises CheckFailedError when the warehouse does not hold a finished build for the run's date.
    """
    state = built_state(settings)
    if state.get("status") != "done" or state["variables"]["as_of_date"] != str(run.as_of_date):
        held = state.get("variables", {}).get("as_of_date", "nothing")
        raise CheckFailedError(
            f"the warehouse holds {held} ({state.get('status', 'never built')}), not a finished "
            f"build as of {run.as_of_date}: run build and check-marts first"
        )
    if not state.get("is_audited"):
        raise CheckFailedError("the build was not audited: run check-marts first")
    settings.published.mkdir(parents=True, exist_ok=True)
    _clear_drafts(settings)
    version = _next_version(settings, run)
    draft = settings.published / f".new-{version}"
    rows = _write_version(settings, draft)
    _write_manifest(settings, run, state, draft, version, rows)
    folder = settings.published / version
    draft.rename(folder)
    close(settings, state, _first_month_end(folder))
    _point(settings, version)
    _prune(settings)
    log(f"published version {version}: {len(rows)} marts, {sum(rows.values())} rows")
    return Published(version, folder, rows)


def current_version(settings: Settings) -> Path | None:
    """Return the folder that `current` names, resolved once; None before the first publication."""
    link = settings.published / CURRENT
    return link.resolve() if link.is_symlink() and link.exists() else None


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a version."""
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    manifest: dict[str, Any] = json.loads(text)
    return manifest


def _clear_drafts(settings: Settings) -> None:
    for left in settings.published.glob(".new-*"):
        shutil.rmtree(left, ignore_errors=True)
    (settings.published / ".current-new").unlink(missing_ok=True)


def _next_version(settings: Settings, run: Run) -> str:
    taken = [int(p.name.split("_")[0]) for p in _versions(settings)]
    return f"{max(taken, default=0) + 1:06d}_{run.as_of_date}"


def _versions(settings: Settings) -> list[Path]:
    found = [p for p in settings.published.iterdir() if p.is_dir() and p.name[:6].isdigit()]
    return sorted(found, key=lambda path: path.name)


def _write_version(settings: Settings, draft: Path) -> dict[str, int]:
    draft.mkdir()
    con = duckdb.connect()
    try:
        con.execute(f"set memory_limit = '{settings.memory_limit}'")
        con.execute(f"set threads = {settings.threads}")
        con.execute(f"set temp_directory = '{settings.scratch}'")
        con.execute(f"attach '{settings.warehouse}' as warehouse (read_only)")
        built = [
            row[0]
            for row in con.execute(
                "select table_name from duckdb_tables() where database_name = 'warehouse' "
                "and schema_name = 'marts' order by table_name"
            ).fetchall()
        ]
        marts = mart_contract()
        unknown = sorted(set(built) - set(marts))
        if unknown:
            raise KeyaccountsError(f"no entry in marts.yml for {', '.join(unknown)}")
        rows = {name: _write_mart(con, marts[name], draft) for name in built}
        for group in sorted({marts[name].group or "" for name in built} - {""}):
            _copy_accounts(con, marts["accounts"], f"serving_{group}.marts.accounts")
        return rows
    finally:
        con.close()


def _write_mart(con: duckdb.DuckDBPyConnection, mart: Mart, draft: Path) -> int:
    folder = draft if mart.group is None else draft / "restricted" / mart.group
    database = folder / "keyaccounts.duckdb"
    if mart.group is not None:
        database = draft / "restricted" / f"{mart.group}.duckdb"
    parquet = folder / "parquet" / f"{mart.name}.parquet"
    parquet.parent.mkdir(parents=True, exist_ok=True)
    alias = f"serving_{mart.group or 'bi'}"
    con.execute(
        f"attach if not exists '{database}' as {alias} (storage_version '{STORAGE_VERSION}')"
    )
    con.execute(f"create schema if not exists {alias}.marts")
    table = f"{alias}.marts.{mart.name}"
    order = ", ".join(mart.grain)
    _write_table(con, mart, table)
    con.execute(f"copy (select * from {table} order by {order}) to '{parquet}' (format parquet)")
    if mart.group is not None:
        _restrict(mart.group, folder, database)
    return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])


def _write_table(con: duckdb.DuckDBPyConnection, mart: Mart, table: str) -> None:
    order = ", ".join(mart.grain)
    con.execute(
        f"create table {table} as select * from warehouse.marts.{mart.name} order by {order}"
    )
    con.execute(f"comment on table {table} is {_text(mart.description)}")
    for column, meaning in mart.columns.items():
        con.execute(f"comment on column {table}.{column} is {_text(meaning)}")


def _copy_accounts(con: duckdb.DuckDBPyConnection, accounts: Mart, table: str) -> None:
    """Lay the accounts beside what only a group may read: a file that is open sees no other."""
    _write_table(con, accounts, table)


def _restrict(group: str, folder: Path, database: Path) -> None:
    """Let only the group in; it owns the files where the machine knows a group of that name."""
    folder.parent.chmod(0o711)
    for path in [folder, *folder.rglob("*"), database]:
        path.chmod(0o750 if path.is_dir() else 0o640)
        with suppress(LookupError, PermissionError):
            shutil.chown(path, group=group)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _write_manifest(
    settings: Settings,
    run: Run,
    state: dict[str, Any],
    draft: Path,
    version: str,
    rows: dict[str, int],
) -> None:
    manifest = {
        "version": version,
        "as_of_date": run.as_of_date.isoformat(),
        "base_currency": settings.base_currency,
        "timezone": settings.timezone,
        "landing": state["landing"],
        "published_at": run.wall_time.astimezone(UTC).isoformat(timespec="seconds"),
        "month_ends_from": _first_month_end(draft),
        "tier_config": _tier_config(settings),
        "marts": {
            name: {
                "rows": count,
                "restricted_to": mart_contract()[name].group,
                "sha256": _sha256(draft, mart_contract()[name]),
            }
            for name, count in rows.items()
        },
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (draft / "manifest.json").write_text(text, encoding="utf-8")


def _first_month_end(draft: Path) -> str | None:
    file = draft / "parquet" / "account_tiers.parquet"
    if not file.is_file():
        return None
    con = duckdb.connect()
    try:
        first = con.execute(f"select min(month_end) from read_parquet('{file}')").fetchall()[0][0]
    finally:
        con.close()
    return first.isoformat() if first else None


def _tier_config(settings: Settings) -> list[dict[str, str]]:
    """Return the dated rules of the tiers, so that a reader can be told the limits."""
    con = duckdb.connect(str(settings.warehouse), read_only=True)
    try:
        result = con.execute("select * from rules.tier_config order by valid_from")
        names = [column[0] for column in result.description]
        return [
            {name: str(value) for name, value in zip(names, row, strict=True)}
            for row in result.fetchall()
        ]
    finally:
        con.close()


def _sha256(draft: Path, mart: Mart) -> str:
    folder = draft if mart.group is None else draft / "restricted" / mart.group
    data = (folder / "parquet" / f"{mart.name}.parquet").read_bytes()
    return hashlib.sha256(data).hexdigest()


def _point(settings: Settings, version: str) -> None:
    link = settings.published / ".current-new"
    link.symlink_to(version, target_is_directory=True)
    link.replace(settings.published / CURRENT)


def _prune(settings: Settings) -> None:
    """Keep the newest versions, and the one of the newest day when older days are built again."""
    versions = _versions(settings)
    newest_day = max(versions, key=lambda path: path.name.split("_")[::-1])
    for old in versions[: -settings.keep_versions]:
        if old not in (current_version(settings), newest_day):
            shutil.rmtree(old, ignore_errors=True)
