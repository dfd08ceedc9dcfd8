"""A REST API: pages of JSON as a stream of texts, parsed by the contract.

An API has no snapshot. That nothing was lost or repeated between two pages is held by what it
promises (`total`, `count`) and by the keys that came.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from keyaccounts.contract import load_contract
from keyaccounts.errors import ConfigurationError, KeyaccountsError
from keyaccounts.sources.base import ALL, Window
from keyaccounts.sources.mapping import Mapping, System
from keyaccounts.sources.paths import scalar
from keyaccounts.sources.rest_client import Api, Page
from keyaccounts.sources.rest_rows import parent_of, rows_of
from keyaccounts.sources.rest_spec import Request

BATCH_ROWS = 10_000
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class RestSource:
    """The API of one system; see `Source`."""

    def __init__(self, system: System, address: str) -> None:
        """Take the address; nothing is asked yet. Raises ConfigurationError."""
        self._api = Api(system, address)
        self._taken_at = datetime.now(UTC)
        self._parents: set[str] = set()

    @property
    def taken_at(self) -> datetime:
        """When the first entity was about to be read, by our own clock."""
        return self._taken_at

    def columns(self, mapping: Mapping, *, is_feed: bool = False) -> dict[str, str]:
        """Return the mapped columns; an API says no types."""
        assert mapping.requests is not None
        names = list(mapping.requests.fields)
        if mapping.load == "changes" and "is_deleted" not in names:
            # All rows say it as those of a window do: else each would look changed.
            names = [*names, "is_deleted"]
        return dict.fromkeys(names, "text")

    def count(self, mapping: Mapping, window: Window, *, is_feed: bool = False) -> int | None:
        """Return None: what is promised is compared page by page, in `batches`."""
        return None

    def bounds(self, mapping: Mapping) -> tuple[datetime, datetime] | None:
        """Return None: an API is not read in parts."""
        return None

    @contextmanager
    def batches(
        self,
        mapping: Mapping,
        columns: list[str],
        window: Window = ALL,
        *,
        is_feed: bool = False,
        limit: int | None = None,
    ) -> Iterator[pa.RecordBatchReader]:
        """Give the rows in a window as a stream; rows that changed after it may be among them."""
        self._parents = set()
        schema = pa.schema([(name, pa.string()) for name in columns])
        rows = self._rows(mapping, columns, window, is_feed)

        def read() -> Iterator[pa.RecordBatch]:
            # What is cut off is not compared with what was promised.
            wanted = rows if limit is None else islice(rows, limit)
            while batch := list(islice(wanted, BATCH_ROWS)):
                yield _batch(batch, schema)

        yield pa.RecordBatchReader.from_batches(schema, read())

    def _rows(
        self, mapping: Mapping, columns: list[str], window: Window, is_feed: bool
    ) -> Iterator[list[str | None]]:
        assert mapping.requests is not None
        found = mapping.requests
        if window.start is None:
            chosen = found.whole
        else:
            chosen = found.since + (found.deleted if is_feed else ())
        for request in chosen:
            try:
                yield from self._of_request(mapping, request, columns, window)
            except TooManyError:
                # Before the first row: the requests of all rows hold those of the window.
                whole = found.whole[found.since.index(request)]
                yield from self._of_request(mapping, whole, columns, window)

    def _of_request(
        self, mapping: Mapping, request: Request, columns: list[str], window: Window
    ) -> Iterator[list[str | None]]:
        keys = load_contract()[mapping.entity].keys
        wanted = [*columns, *(key for key in keys if key not in columns)]
        values = {
            "start": window.start or EARLIEST,
            "fields": _paths(request, wanted),
        }
        tally = Tally(f"{mapping.place.file} line {request.line}: {mapping.label}", request)
        tally.promise(self._counted(mapping, request, values))
        places = [wanted.index(key) for key in keys]
        for page in self._api.pages(mapping.label, request, values):
            tally.promise(request.total and request.total.first(page.body))
            if request.most is not None and tally.least > request.most and page.number == 1:
                raise TooManyError
            identities, rows = [], []
            for record in page.records:
                if window.start is not None and (parent := parent_of(mapping, request, record)):
                    self._parents.add(parent)
                of_record = list(rows_of(mapping, request, record, wanted))
                rows += of_record
                identities.append(
                    hash(str(record))
                    if request.each or request.allocate or len(of_record) != 1
                    else hash(tuple(of_record[0][place] for place in places))
                )
            tally.add(page, identities)
            yield from (row[: len(columns)] for row in rows)
        tally.promise(self._counted(mapping, request, values))
        tally.close()

    def _counted(self, mapping: Mapping, request: Request, values: dict[str, Any]) -> Any:
        """Ask the API how many records there are, where it is a question of its own."""
        if request.count is None:
            return None
        path, params, total = request.count
        body = self._api.once(mapping.label, request.line, path, params, values)
        found = total.first(body)
        if found is None:
            raise ConfigurationError(
                f"{mapping.place.file} line {request.line}: {mapping.label}: the answer to count "
                f"has no {total.text}"
            )
        return found

    def parents(self) -> list[str]:
        """Return the records of the last window whose rows came with them, all or none."""
        return sorted(self._parents)

    def close(self) -> None:
        """Close the connections."""
        self._api.close()


class TooManyError(Exception):
    """A window holds more than the API gives page by page."""


class Tally:
    """What came of one request against what was promised; eight bytes for each record."""

    def __init__(self, place: str, request: Request) -> None:
        """Start with nothing."""
        self._place, self._request = place, request
        self._promised: list[int] = []
        self._came = array("q")
        self._pages: dict[int, int] = {}
        self._references: dict[str, int] = {}

    @property
    def least(self) -> int:
        """The least number that was promised; 0 without a promise."""
        return min(self._promised, default=0)

    def promise(self, found: Any) -> None:
        """Take a number of records that the API says there are."""
        if found is None:
            return
        try:
            self._promised.append(int(scalar(found) or ""))
        except ValueError as error:
            raise ConfigurationError(
                f"{self._place}: total is {scalar(found)!r}, no whole number"
            ) from error

    def add(self, page: Page, identities: list[int]) -> None:
        """Take the records of a page. Raises KeyaccountsError for a page that came before."""
        again = None
        if identities:
            again = self._pages.setdefault(hash(tuple(identities)), page.number)
        if page.reference is not None and again in {None, page.number}:
            again = self._references.setdefault(page.reference, page.number)
        if again not in {None, page.number}:
            raise KeyaccountsError(
                f"{self._place}: page {page.number} repeats page {again}; nothing of it landed. "
                "Run again; if it stays so, the API does not heed what paging says"
            )
        self._came.extend(identities)

    def close(self) -> None:
        """Compare. Raises KeyaccountsError for records that are missing or too many."""
        came = len(self._came)
        if not self._promised:
            if came and self._request.total is not None:
                raise ConfigurationError(
                    f"{self._place}: no answer has the total {self._request.total.text}"
                )
            return
        different = len(np.unique(np.frombuffer(self._came, dtype=np.int64))) if came else 0
        # The source may have changed between the pages.
        if self.least <= different <= max(self._promised):
            return
        promised = " to ".join(str(n) for n in sorted({self.least, max(self._promised)}))
        twice = f", {came - different} of them twice" if came > different else ""
        raise KeyaccountsError(
            f"{self._place}: the API promised {promised} records and gave {came}{twice} in "
            f"{len(self._pages)} pages: a page was lost or repeated. Nothing of it landed; run "
            "again"
        )


def _batch(rows: list[list[str | None]], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True) if schema.names else []
    return pa.record_batch([pa.array(column, pa.string()) for column in columns], schema=schema)


def _paths(request: Request, columns: list[str]) -> list[str]:
    """Return the names in an answer that the columns are made of."""
    fields = [request.fields[column] for column in columns if column in request.fields]
    paths = [
        path
        for field in fields
        for path in (
            *(path for source in field.sources for path in source.paths),
            *field.condition.paths,
        )
    ]
    paths += [*request.condition.paths, *request.each]
    names = [".".join(path.names) for path in paths if path.names]
    return list(dict.fromkeys(names))
