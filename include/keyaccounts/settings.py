"""One frozen settings object; nothing else in the package reads the environment.

Order of precedence: arguments, then `KEYACCOUNTS_*` variables, then `keyaccounts.toml` (in the
home or the working directory), then the defaults.
"""

from __future__ import annotations

import os
import re
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from keyaccounts.errors import ConfigurationError
from keyaccounts.texts import DEFAULT, LANGUAGES

PROJECT_ROOT = Path(__file__).resolve().parents[2]
SPARK_URL = r"local(\[(\d+|\*)\])?|yarn|(spark|k8s|sc|thrift)://\S+"
STORAGE_URL = r"((s3|gs|hdfs|abfss?)://|file:///)[\w.@:/=~+-]+(\?\S+)?"
FOR_DBT = "KEYACCOUNTS_DBT_"
"""Variables that `profiles.yml` reads when dbt is called by hand; no settings."""
SECRET = r"key|secret|token|password|credential|signature"


@dataclass(frozen=True)
class Settings:
    """What a run needs to know beside its dates.

    Amounts are in `base_currency`; shares are fractions of 1; times are in `timezone`.
    """

    home: Path
    """Folder of landing, warehouse, publication, outbox and ledger."""
    source: Path | None = None
    """Folder of contract files: `<entity>.csv` or `<entity>.parquet`."""
    sources: Path | None = None
    """A `sources.yml` that says where each entity comes from; it goes before `source`."""
    language: str = DEFAULT
    """In which messages, report and pages speak: `en` or `zh` (simplified Chinese)."""
    base_currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    max_quarantine_share: float = 0.05
    """Above this share of held-back rows the load of an entity is refused."""
    go_live_date: date | None = None
    """Alerts effective before it are baselined; default: the first run's as-of date."""
    max_rate_age_days: int = 10
    rules_dir: Path | None = None
    """Folder with the dated rules (CSV); default: the project's seeds."""
    ledger_url: str | None = None
    """SQLAlchemy address of the alert ledger; default: SQLite in the home."""
    smtp_url: str | None = None
    """`smtp://`, `smtps://` or `smtp+starttls://`, then `[user:password@]host:port`."""
    chats: Path | None = None
    """A `chats.yml`: chats and webhooks that messages go to, and whose."""
    mail_from: str = "keyaccounts@localhost"
    fallback_manager: str | None = None
    """User id or e-mail address that gets alerts of accounts without an active owner."""
    finance_control: str | None = None
    """E-mail address for owner drag and cash control."""
    data_engineers: str | None = None
    """E-mail address for failed checks."""
    bi_url: str | None = None
    """A Postgres that gets a copy of the publication: `postgresql://user:password@host/database`."""
    link_base: str | None = None
    """Start of links to an account in messages; default: the page in Airflow."""
    airflow_url: str | None = None
    """Address at which people open Airflow; messages then link to the alert on its page."""
    superset_url: str | None = None
    """Address at which people open Superset; the report then links to its pages."""
    confidential_users: str = ""
    """Users of Airflow who see the alerts of finance control on its page; commas between."""
    business_hours: str = "08:00-18:00"
    keep_versions: int = 7
    keep_loads: int = 400
    memory_limit: str = "4GB"
    """Of DuckDB, or of the driver of Spark."""
    threads: int = 2
    engine: str = "duckdb"
    """What builds the marts: `duckdb`, or `spark` (`make setup-spark`)."""
    spark_url: str = "local[2]"
    """A master (`local[2]`, `spark://host:7077`, `yarn`), Spark Connect (`sc://host:15002`) or a
    Thrift server (`thrift://user@host:10000`)."""
    spark_options: str = ""
    """Spark options, `key=value` with a blank between; quotes around a value with blanks."""
    spark_database: str = "keyaccounts"
    """Start of the names of the databases on Spark: `<it>_marts` and so on."""
    spark_format: str = "parquet"
    """File format of the tables on Spark: `parquet`, `delta` or `iceberg`."""
    spark_storage: Path | None = None
    """Folder that all machines of the cluster see as the home is seen; default: in the home."""
    spark_python: Path | None = None
    """Interpreter of the Spark environment; default: that of `make setup-spark`."""
    storage_url: str | None = None
    """Object storage for what the cluster and readers see: `s3://bucket/folder`, `gs://`, `hdfs://`,
    `abfs://` or `file:///`; options of pyarrow.fs behind `?`, no credentials."""

    @property
    def spark_settings(self) -> dict[str, str]:
        """The Spark options taken apart. Raises ConfigurationError when one is no `key=value`."""
        try:
            parts = [part.partition("=") for part in shlex.split(self.spark_options)]
        except ValueError as error:
            raise ConfigurationError(f"spark_options: {error}") from error
        if not all(key and equals for key, equals, _ in parts):
            raise ConfigurationError("spark_options does not read like key=value 'key=two words'")
        return {key: value for key, _, value in parts}

    @property
    def landing(self) -> Path:
        """Folder of the immutable loads."""
        return self.home / "landing"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that dbt builds; never opened by readers."""
        return self.home / "warehouse" / "keyaccounts_warehouse.duckdb"

    @property
    def published(self) -> Path:
        """Folder of the published versions and the pointer `current`."""
        return self.home / "published"

    @property
    def outbox(self) -> Path:
        """Folder of the messages written as files."""
        return self.home / "outbox"

    @property
    def ledger(self) -> str:
        """SQLAlchemy address of the alert ledger."""
        return self.ledger_url or f"sqlite:///{self.home / 'ledger.sqlite3'}"

    @property
    def scratch(self) -> Path:
        """Folder where DuckDB spills; may be deleted when no run is under way."""
        return self.home / "scratch"


@dataclass(frozen=True)
class Run:
    """The two clocks of a run; neither is read inside (semantics, ruling 2)."""

    as_of_date: date
    """The last business day that the figures include, end of day."""
    wall_time: datetime
    """Time zone aware instant for messages and load stamps."""


def load_settings(*, environ: Mapping[str, str] = os.environ, **arguments: object) -> Settings:
    """Return the settings from arguments, environment and `keyaccounts.toml`.

    Raises ConfigurationError for an unknown key or a value that does not parse.
    """
    given = {key: value for key, value in arguments.items() if value is not None}
    from_env = {
        key.removeprefix("KEYACCOUNTS_").lower(): value
        for key, value in environ.items()
        if key.startswith("KEYACCOUNTS_") and not key.startswith(FOR_DBT) and value != ""
    }
    home = Path(str(given.get("home") or from_env.get("home") or "keyaccounts_home"))
    merged: dict[str, object] = {**_from_toml(home), **from_env, **given, "home": home}
    known = {field.name for field in fields(Settings)}
    unknown = sorted(set(merged) - known)
    if unknown:
        raise ConfigurationError(
            f"unknown setting {', '.join(unknown)}; known: {', '.join(sorted(known))}"
        )
    settings = replace(
        Settings(home=home), **{key: _parse(key, value) for key, value in merged.items()}
    )
    return _checked(settings)


def _from_toml(home: Path) -> dict[str, Any]:
    for folder in (home, Path.cwd()):
        file = folder / "keyaccounts.toml"
        if file.is_file():
            try:
                return tomllib.loads(file.read_text(encoding="utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise ConfigurationError(f"{file}: {error}") from error
    return {}


def _parse(key: str, value: object) -> Any:
    try:
        if key == "spark_python":
            return Path(str(value)).expanduser().absolute()
        if key in {"home", "source", "sources", "chats", "rules_dir", "spark_storage"}:
            return Path(str(value)).expanduser().resolve()
        if key == "go_live_date":
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        if key == "max_quarantine_share":
            return float(str(value))
        if key in {"keep_versions", "keep_loads", "threads", "max_rate_age_days"}:
            return int(str(value))
        return str(value)
    except ValueError as error:
        raise ConfigurationError(f"setting {key}: {value!r} does not parse: {error}") from error


def _checked(settings: Settings) -> Settings:
    if settings.timezone not in available_timezones():
        raise ConfigurationError(f"timezone {settings.timezone!r} is not known")
    if settings.language not in LANGUAGES:
        raise ConfigurationError(
            f"language {settings.language!r} is not one of {', '.join(LANGUAGES)}"
        )
    if not 0 <= settings.max_quarantine_share <= 1:
        raise ConfigurationError("max_quarantine_share must lie between 0 and 1")
    if not re.fullmatch("[A-Z]{3}", settings.base_currency):
        raise ConfigurationError(
            f"base_currency {settings.base_currency!r} is not three capital letters"
        )
    if not re.fullmatch(r"\d\d:\d\d-\d\d:\d\d", settings.business_hours):
        raise ConfigurationError(
            f"business_hours {settings.business_hours!r} does not read like 08:00-18:00"
        )
    if not re.fullmatch(r"\d+(\.\d+)? ?[KMGT]i?B", settings.memory_limit, re.IGNORECASE):
        raise ConfigurationError(f"memory_limit {settings.memory_limit!r} does not read like 4GB")
    if settings.engine not in {"duckdb", "spark"}:
        raise ConfigurationError(f"engine {settings.engine!r} is neither duckdb nor spark")
    if not re.fullmatch(SPARK_URL, settings.spark_url):
        raise ConfigurationError(
            f"spark_url {settings.spark_url!r} is no local[N], spark://HOST:PORT, yarn, "
            "k8s://ADDRESS, sc://HOST:PORT or thrift://USER@HOST:PORT"
        )
    if settings.spark_format not in {"parquet", "delta", "iceberg"}:
        raise ConfigurationError(
            f"spark_format {settings.spark_format!r} is not parquet, delta or iceberg"
        )
    if not re.fullmatch("[a-z][a-z0-9_]*", settings.spark_database):
        raise ConfigurationError(f"spark_database {settings.spark_database!r} is no plain name")
    _ = settings.spark_settings
    _check_storage(settings)
    if settings.bi_url and not settings.bi_url.startswith(("postgresql://", "postgres://")):
        raise ConfigurationError("bi_url is no postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    if settings.threads < 1 or settings.keep_versions < 1:
        raise ConfigurationError("threads and keep_versions must be at least 1")
    for name in ("source", "rules_dir"):
        folder = getattr(settings, name)
        if folder is not None and not folder.is_dir():
            raise ConfigurationError(f"{name} {folder} is not a folder")
    for name in ("sources", "chats"):
        file = getattr(settings, name)
        if file is not None and not file.is_file():
            raise ConfigurationError(f"{name} {file} is not a file")
    return settings


def _check_storage(settings: Settings) -> None:
    """Refuse an address that does not read like one or carries a secret, without repeating it."""
    if settings.storage_url is None:
        return
    url = urlsplit(settings.storage_url)
    has_user = url.scheme in {"s3", "gs"} and url.username is not None
    if url.password is not None or has_user or re.search(SECRET, url.query, re.IGNORECASE):
        raise ConfigurationError(
            "storage_url must not carry credentials: give them as AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or by the role of the machine"
        )
    if not re.fullmatch(STORAGE_URL, settings.storage_url):
        raise ConfigurationError(
            f"storage_url {settings.storage_url!r} is no s3://BUCKET/FOLDER, gs://, hdfs://, "
            "abfs:// or file:///FOLDER"
        )
    if settings.spark_storage is not None:
        raise ConfigurationError("spark_storage and storage_url: give one of them")


def environment_value(name: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """Return a variable that a configuration names, such as one that holds an address."""
    return environ.get(name) or None


def business_date(instant: datetime, timezone: str) -> date:
    """Return the last business day that had ended at `instant`, in `timezone` (ruling 1)."""
    local = instant.astimezone(ZoneInfo(timezone)).date()
    return date.fromordinal(local.toordinal() - 1)


def day_bounds(day: date, timezone: str) -> tuple[datetime, datetime]:
    """Return the instants in UTC at which a business day starts and ends."""
    zone = ZoneInfo(timezone)
    start = datetime.combine(day, time.min, zone)
    end = datetime.combine(day + timedelta(days=1), time.min, zone)
    return start.astimezone(UTC), end.astimezone(UTC)
