"""A copy of the publication in Postgres, for BI tools that read no DuckDB.

The marts for everybody lie in the schema `keyaccounts`, those of a group in `keyaccounts_<group>`,
each readable by the role of the same name. Rows are replaced within tables that stay, all in one
transaction: a reader sees one whole version, is never locked out, and views over the tables and
rights on them last. A table whose columns changed is made anew. `keyaccounts.publication` says
which version it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as driver
import pyarrow as pa
import pyarrow.parquet as pq

from keyaccounts.errors import ConfigurationError, KeyaccountsError
from keyaccounts.publishing.publish import Mart, mart_contract, read_manifest
from keyaccounts.settings import Settings

SCHEMA = "keyaccounts"
LOCK = 0x6B65_7961_6362
BATCH_ROWS = 65_536
TYPES = {
    pa.string(): "text",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.bool_(): "boolean",
    pa.date32(): "date",
    pa.timestamp("us"): "timestamp",
}
PUBLICATION = {
    "version": "Name of the version",
    "as_of_date": "The day whose end the figures are of",
    "base_currency": "Currency of all amounts",
    "published_at": "When it was published",
    "checksum": "SHA-256 of its manifest, which holds those of all marts",
    "tables": "The tables that this copy keeps; nothing else in the schemas is touched",
}
MISSING_RIGHT, DEPENDED_ON = "42501", "2BP01"

Log = Callable[[str], None]


def copy_to_postgres(settings: Settings, folder: Path, log: Log = print) -> int:
    """Bring the Postgres of `bi_url` to the version in `folder` and return the rows copied.

    Without `bi_url`, or when that version is there already, nothing is done. Roles are created
    where they are missing. Raises ConfigurationError for an address or rights that do not do, and
    KeyaccountsError when the copy fails, of which then nothing is to be seen.
    """
    if settings.bi_url is None:
        return 0
    manifest = read_manifest(folder)
    checksum = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    marts = [mart_contract()[name] for name in manifest["marts"]]
    with _connection(settings.bi_url) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(f"select pg_advisory_xact_lock({LOCK})")
        there, tables = _there(cursor)
        if there == checksum:
            log(f"Postgres {shown(settings.bi_url)} has version {manifest['version']} already")
            return 0
        _create_roles(cursor, marts)
        kept = [_table(mart) for mart in marts]
        for table in tables:
            if table not in kept:
                cursor.execute(f"drop table if exists {table}")
        for schema in sorted({_schema(mart) for mart in marts}):
            cursor.execute(f"create schema if not exists {schema}")
            cursor.execute(f"grant usage on schema {schema} to {schema}")
        rows = sum(_copy(cursor, mart, folder) for mart in marts)
        _write_publication(cursor, manifest | {"tables": " ".join(kept), "checksum": checksum})
        connection.commit()
    log(f"Postgres {shown(settings.bi_url)}: version {manifest['version']}, {rows} rows")
    return rows


def shown(url: str) -> str:
    """Return host and database of an address, without user and password."""
    parts = urlsplit(url)
    return f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


@contextmanager
def _connection(url: str) -> Iterator[Any]:
    try:
        connection = driver.connect(url)
    except adbc_driver_manager.Error as error:
        raise ConfigurationError(
            f"bi_url: cannot connect to {shown(url)}: {_said(error, url)}"
        ) from error
    try:
        yield connection
    except adbc_driver_manager.Error as error:
        text = f"copy to Postgres {shown(url)}: {_said(error, url)}"
        if error.sqlstate == MISSING_RIGHT:
            raise ConfigurationError(
                f"{text}; the user of bi_url needs CREATE on the database and CREATEROLE, or an "
                f"administrator creates the schemas and roles {SCHEMA}, {SCHEMA}_<group> for it"
            ) from error
        if error.sqlstate == DEPENDED_ON:
            text += "; its columns changed: drop what rests on it, publish, and create it again"
        raise KeyaccountsError(text) from error
    finally:
        connection.close()


def _said(error: Exception, url: str) -> str:
    """Return the server's own words in one line, without the password."""
    text = " ".join(str(error).split())
    own = re.search(r"(?:ERROR|FATAL): (.*?)(?: ?\. SQLSTATE.*)?$", text)
    text = own[1] if own else text
    secret = urlsplit(url).password
    return text.replace(secret, "***") if secret else text


def _schema(mart: Mart) -> str:
    return SCHEMA if mart.group is None else f"{SCHEMA}_{mart.group}"


def _table(mart: Mart) -> str:
    return f"{_schema(mart)}.{mart.name}"


def _create_roles(cursor: Any, marts: list[Mart]) -> None:
    """A role of a group may read what everybody reads as well."""
    cursor.execute("select rolname from pg_roles")
    there = {str(name) for (name,) in cursor.fetchall()}
    for role in sorted({_schema(mart) for mart in marts}, key=len):
        if role not in there:
            cursor.execute(f"create role {role} nologin")
            if role != SCHEMA:
                cursor.execute(f"grant {SCHEMA} to {role}")


def _there(cursor: Any) -> tuple[str | None, list[str]]:
    """Return the checksum of the version that is there, and its tables."""
    cursor.execute(f"select to_regclass('{SCHEMA}.publication') is not null")
    if not cursor.fetchall()[0][0]:
        return None, []
    cursor.execute(f"select checksum, tables from {SCHEMA}.publication")
    [(checksum, tables)] = cursor.fetchall()
    return str(checksum), str(tables).split()


def _copy(cursor: Any, mart: Mart, folder: Path) -> int:
    place = folder if mart.group is None else folder / "restricted" / mart.group
    file = pq.ParquetFile(place / "parquet" / f"{mart.name}.parquet")
    schema, columns = _schema(mart), _columns(file.schema_arrow)
    table = _table(mart)
    if _columns_there(cursor, schema, mart.name) != columns:
        cursor.execute(f"drop table if exists {table}")
        defined = [f"{name} {kind}" for name, kind in columns.items()]
        cursor.execute(f"create table {table} ({', '.join(defined)})")
        cursor.execute(f"alter table {table} add primary key ({', '.join(mart.grain)})")
        cursor.execute(f"grant select on {table} to {schema}")
    else:
        cursor.execute(f"delete from {table}")
    texts = {name: text for name, text in mart.columns.items() if name in columns}
    _comment(cursor, schema, mart.name, mart.description, texts)
    # A file without rows has no batch, and the driver wants one.
    if file.metadata.num_rows:
        batches = pa.RecordBatchReader.from_batches(
            file.schema_arrow, file.iter_batches(BATCH_ROWS)
        )
        cursor.adbc_ingest(mart.name, batches, mode="append", db_schema_name=schema)
    return int(file.metadata.num_rows)


def _columns(schema: pa.Schema) -> dict[str, str]:
    return {field.name: _type(field.type) for field in schema}


def _type(arrow: pa.DataType) -> str:
    if pa.types.is_decimal(arrow):
        return f"numeric({arrow.precision},{arrow.scale})"
    if arrow not in TYPES:
        raise KeyaccountsError(f"no type of Postgres is known for {arrow}")
    return TYPES[arrow]


def _columns_there(cursor: Any, schema: str, table: str) -> dict[str, str]:
    cursor.execute(
        "select attname::text, format_type(atttypid, atttypmod) from pg_attribute "
        f"where attrelid = to_regclass('{schema}.{table}') and attnum > 0 and not attisdropped "
        "order by attnum"
    )
    return {
        str(name): re.sub(" without time zone", "", str(kind)) for name, kind in cursor.fetchall()
    }


def _comment(
    cursor: Any, schema: str, table: str, description: str, columns: dict[str, str]
) -> None:
    """Write the texts that are not there yet."""
    cursor.execute(
        "select coalesce(attname::text, ''), description from pg_description as d "
        "left join pg_attribute as a on a.attrelid = d.objoid and a.attnum = d.objsubid "
        f"and d.objsubid > 0 where d.objoid = to_regclass('{schema}.{table}')"
    )
    there = {str(name): str(text) for name, text in cursor.fetchall()}
    for name, text in {"": description, **columns}.items():
        if there.get(name) != text:
            what = f"column {schema}.{table}.{name}" if name else f"table {schema}.{table}"
            cursor.execute(f"comment on {what} is {_text(text)}")


def _write_publication(cursor: Any, manifest: dict[str, Any]) -> None:
    table = f"{SCHEMA}.publication"
    cursor.execute(
        f"create table if not exists {table} (version text primary key, as_of_date date not null, "
        "base_currency text not null, published_at timestamptz not null, checksum text not null, "
        "tables text not null)"
    )
    cursor.execute(f"grant select on {table} to {SCHEMA}")
    _comment(cursor, SCHEMA, "publication", "The version that the marts are of", PUBLICATION)
    cursor.execute(f"delete from {table}")
    values = ", ".join(_text(str(manifest[name])) for name in PUBLICATION)
    cursor.execute(f"insert into {table} values ({values})")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
