"""What a system sends, as the view `incoming`: from a file that was kept, or while it arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Full, Queue

import duckdb
import numpy
import pyarrow as pa
import pyarrow.parquet as pq

from keyaccounts.errors import ConfigurationError, KeyaccountsError
from keyaccounts.landing.write import Fetched
from keyaccounts.sources.files import Incoming, Place, types_of
from keyaccounts.sources.mapping import Mapping

ARRIVING = "arriving"
"""What DuckDB calls the stream."""
BROKEN = "the source broke"
WAITING = 2
"""Batches that may wait to be checked; one has up to 16 MB."""


@dataclass
class Kept:
    """A stream of batches that are written to a Parquet file as they pass, and counted."""

    mapping: Mapping
    reader: pa.RecordBatchReader
    file: Path
    rows: int = 0
    nulls: dict[str, int] = field(default_factory=dict)

    @property
    def fetched(self) -> Fetched:
        """What has passed so far."""
        return Fetched(self.rows, self.nulls)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches. Raises ConfigurationError for a type that has no place in a file."""
        schema = self.reader.schema
        self.nulls = dict.fromkeys(schema.names, 0)
        try:
            with pq.ParquetWriter(
                self.file, schema, compression="lz4", use_dictionary=False, write_statistics=False
            ) as writer:
                for batch in self.reader:
                    self.rows += batch.num_rows
                    for name, column in zip(schema.names, batch.columns, strict=True):
                        self.nulls[name] += column.null_count
                    writer.write_batch(batch)
                    yield batch
        except pa.ArrowNotImplementedError as error:
            raise ConfigurationError(
                f"{self.mapping.place}: {self.mapping.label}: a column has a type that has no "
                f"place in the contract; cast it in the select ({error})"
            ) from error


def read_while_arriving(
    con: duckdb.DuckDBPyConnection,
    kept: Kept,
    types: dict[str, str],
    read: Callable[[Incoming], None],
) -> None:
    """Let `read` go once over the view `incoming`, in a thread of its own, while rows arrive.

    The source stays in this thread: a driver may not be used in two. Raises what broke the source,
    else what `read` raises.
    """
    stream = _Stream(kept.reader.schema)
    con.register(ARRIVING, stream.reader)
    con.execute(f"create or replace temp view incoming as from {ARRIVING}")
    incoming = _incoming(con, kept.mapping, types)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read, incoming)
        try:
            for batch in kept.batches():
                stream.put(batch, reading)
                if reading.done():
                    # It reads to the end, or it failed.
                    break
            stream.put(None, reading)
        except BaseException:
            stream.put(BROKEN, reading)
            raise
        finally:
            wait([reading])
    con.unregister(ARRIVING)
    reading.result()


class _Stream:
    """Batches handed from one thread to another, a few at a time, each row with its number."""

    def __init__(self, schema: pa.Schema) -> None:
        plain = pa.schema(
            [(f.name, f.type.storage_type if _is_opaque(f.type) else f.type) for f in schema]
        )
        numbered = plain.append(pa.field("_row", pa.int64()))
        self._waiting: Queue[pa.RecordBatch | str | None] = Queue(WAITING)
        self.reader = pa.RecordBatchReader.from_batches(numbered, self._batches(numbered))

    def put(self, batch: pa.RecordBatch | str | None, reading: Future[None]) -> None:
        """Hand over a batch, None at the end; who reads no more gets none."""
        while not reading.done():
            with suppress(Full):
                self._waiting.put(batch, timeout=1)
                return

    def _batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        start = 1
        while (batch := self._waiting.get()) is not None:
            if isinstance(batch, str):
                raise KeyaccountsError(batch)
            numbers = pa.array(numpy.arange(start, start + batch.num_rows))
            columns = [c.storage if _is_opaque(c.type) else c for c in batch.columns]
            start += batch.num_rows
            yield pa.record_batch([*columns, numbers], schema=schema)


def write_batches(mapping: Mapping, reader: pa.RecordBatchReader, file: Path) -> Fetched:
    """Write a stream of batches to a Parquet file, one at a time; return what it held."""
    kept = Kept(mapping, reader, file)
    for _ in kept.batches():
        pass
    return kept.fetched


def refuse_other_count(mapping: Mapping, expected: int | None, fetched: Fetched) -> None:
    """Raise KeyaccountsError when the source gave fewer or more rows than it had counted."""
    if expected is not None and fetched.rows != expected:
        raise KeyaccountsError(
            f"{mapping.label}: the source counted {expected} rows and gave {fetched.rows}; nothing "
            "of it landed. Run again"
        )


def open_batches(
    con: duckdb.DuckDBPyConnection,
    mapping: Mapping,
    files: list[Path],
    types: dict[str, str],
    condition: str = "",
) -> Incoming:
    """Create the view `incoming` over what was fetched; `types` are those of the source."""
    starts, start = [], 0
    for file in files:
        starts.append(f"when '{file}' then {start}")
        start += pq.read_metadata(file).num_rows
    listed = ", ".join(f"'{file}'" for file in files)
    con.execute(
        "create or replace temp view incoming as select * exclude (file_row_number, filename), "
        f"file_row_number + 1 + case filename {' '.join(starts)} end as _row "
        f"from read_parquet([{listed}], file_row_number = true, filename = true) as i"
        + (f" where {condition}" if condition else "")
    )
    return _incoming(con, mapping, types)


def _incoming(con: duckdb.DuckDBPyConnection, mapping: Mapping, types: dict[str, str]) -> Incoming:
    found = types_of(con)
    # Text, but written by the server: its numbers need no look at how they are spelt.
    found |= {name: "DECIMAL" for name in found if types.get(name) == "numeric"}
    return Incoming(Place(mapping.label, 0), found, is_text=False, is_keyed=True)


def _is_opaque(kind: pa.DataType) -> bool:
    """Return whether DuckDB knows only what the type is stored as (Postgres: numeric)."""
    return isinstance(kind, pa.OpaqueType)
