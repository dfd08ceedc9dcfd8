"""Look at what a `sources.yml` gives before anything lands: does it work, and what comes."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts.contract import Entity, load_contract
from keyaccounts.errors import ConfigurationError, KeyaccountsError, SourceRefusedError
from keyaccounts.landing.arriving import open_batches, write_batches
from keyaccounts.landing.checked import EXAMPLES, Landed, collect_bad, create_checked_view, summary
from keyaccounts.landing.loads import ROWS
from keyaccounts.landing.plan import checked_columns, entity_of, refuse_missing, unmapped_columns
from keyaccounts.landing.rules import rules_of
from keyaccounts.landing.write import connect
from keyaccounts.settings import Settings
from keyaccounts.sources.base import Source, Window
from keyaccounts.sources.config import load_sources
from keyaccounts.sources.connect import Systems
from keyaccounts.sources.files import Incoming, open_file
from keyaccounts.sources.folder import contract_folder, open_folder
from keyaccounts.sources.mapping import Mapping, Sources
from keyaccounts.sources.tables import open_tables

CHECKED_ROWS = 1000
WIDTH = 24


def check_sources(settings: Settings, systems: Systems) -> Iterator[str]:
    """Yield a line for each entity whose mapping works.

    Raises, at the end, the error of all that do not; wrong lines of the file at once.
    """
    sources = _sources(settings)
    errors: list[KeyaccountsError] = []
    for mapping in sources.mappings.values():
        try:
            yield from _checked(mapping, systems, settings.max_quarantine_share)
        except KeyaccountsError as error:
            if str(error) not in {str(known) for known in errors}:
                errors.append(error)
    if errors:
        raise type(errors[0])("\n".join(str(error) for error in errors))


def _sources(settings: Settings) -> Sources:
    if settings.sources is None:
        raise ConfigurationError(
            "no sources.yml is named: give --sources FILE or KEYACCOUNTS_SOURCES"
        )
    return load_sources(settings.sources)


def _checked(mapping: Mapping, systems: Systems, share: float) -> Iterator[str]:
    entity = load_contract()[mapping.entity]
    known = [column.name for column in entity.columns]
    notes: list[str] = []
    if mapping.system.kind == "files":
        found, notes = _checked_files(mapping, share)
        refuse_missing(mapping, entity, found, "the file")
    else:
        with systems.source(mapping.system) as source:
            found = checked_columns(mapping, entity_of(mapping), source)
            notes = list(_tried(mapping, source)) if mapping.requests else []
    taken = [name for name in found if name in known]
    yield (
        f"{mapping.entity}: {mapping.load} from {mapping.system.name}, {len(taken)} of "
        f"{len(known)} columns"
    )
    yield from (f"  {note}" for note in notes)
    yield from (f"  {fault}" for fault in unmapped_columns(mapping, found))
    for name in found:
        if name not in known and name != mapping.cursor and not mapping.columns:
            near = get_close_matches(name, known, 1)
            hint = f"; {near[0]}?" if near else ""
            yield f"  {_place(mapping, name)}: {name} is not in the contract: ignored{hint}"


def _tried(mapping: Mapping, source: Source) -> Iterator[str]:
    """Ask an API for the first rows, and for those of a day; say which paths lead nowhere."""
    names = list(source.columns(mapping))
    with source.batches(mapping, names, limit=CHECKED_ROWS) as reader:
        rows = reader.read_all()
    if rows.num_rows == 0:
        yield f"{mapping.place}: no row came"
    for name in names if rows.num_rows else []:
        if rows.column(name).null_count == rows.num_rows:
            place = mapping.column_places.get(name, mapping.place)
            yield f"{place}: {name} is null in the first {rows.num_rows} rows"
    if mapping.load == "full":
        return
    is_feed = mapping.load == "changes"
    day = Window(source.taken_at - timedelta(days=1))
    names = list(source.columns(mapping, is_feed=is_feed))
    with source.batches(mapping, names, day, is_feed=is_feed, limit=CHECKED_ROWS) as reader:
        moved = reader.read_all()
    yield f"{moved.num_rows} rows changed within a day"


def _place(mapping: Mapping, name: str) -> object:
    if mapping.sql is None:
        return mapping.place
    match = re.search(rf"\b{re.escape(name)}\b", mapping.sql.text)
    return mapping.sql.place_of(match.start()) if match else mapping.place


def _checked_files(mapping: Mapping, share: float) -> tuple[dict[str, str], list[str]]:
    """Return the columns of the files of an entity, and how they are written."""
    with ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="keyaccounts-"))
        con = stack.enter_context(duckdb.connect())
        incoming, notes = _open_files(con, mapping, Path(scratch), share, stack)
        return incoming.types, notes


def _open_files(
    con: duckdb.DuckDBPyConnection, mapping: Mapping, scratch: Path, share: float, stack: ExitStack
) -> tuple[Incoming, list[str]]:
    """Open the files of an entity, of a folder that fills up the last one, until `stack` ends."""
    try:
        if mapping.file is None:
            contract = stack.enter_context(contract_folder(mapping))
            return open_file(con, contract, mapping.entity), []
        folder = stack.enter_context(open_folder(mapping.system))
        files = folder.matching(mapping)
        read = files if mapping.load == "full" else files[-1:]
        here = [(file.name, folder.fetch(file)) for file in read]
        entity = load_contract()[mapping.entity]
        opened = open_tables(con, entity, mapping, here, scratch / "files", share)
        others = [f"{len(files) - 1} other files match"] if len(files) > len(read) else []
        return opened.incoming, [*opened.notes, *others]
    except SourceRefusedError as error:
        raise SourceRefusedError(f"{mapping.place}: {error}") from error


def preview(settings: Settings, systems: Systems, entity_name: str, rows: int) -> Iterator[str]:
    """Yield the first mapped rows as a table, then what of the first thousand breaks the contract.

    Nothing lands. Raises ConfigurationError and what reading the source raises.
    """
    if entity_name not in load_contract():
        near = get_close_matches(entity_name, load_contract(), 1)
        raise ConfigurationError(
            f"{entity_name} is no entity of the contract" + (f"; {near[0]}?" if near else "")
        )
    mapping = _sources(settings).mapping(entity_name)
    entity = entity_of(mapping)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="keyaccounts-")))
        con = connect(settings, scratch)
        try:
            share = settings.max_quarantine_share
            incoming, notes = _incoming(con, mapping, entity, systems, scratch, share, stack)
            yield from notes
            landed, held = _judged(con, entity, incoming, scratch)
            shown = [c.name for c in entity.columns if c.name in incoming.columns]
            listed = ", ".join(shown)
            con.execute(f"select {listed} from checked order by _row limit {int(rows)}")
            yield from _table(shown, con.fetchall())
        finally:
            con.close()
    read = landed.rows + landed.quarantined
    yield f"{read} rows looked at: {landed.rows} would land, {landed.quarantined} be held back"
    for column, count in landed.nulled.items():
        yield f"  column {column}: {count} values would become null"
    for example in held:
        yield f"  {example}"
    if landed.missing_columns:
        yield f"not delivered, so unknown: {', '.join(landed.missing_columns)}"


def _incoming(
    con: Any,
    mapping: Mapping,
    entity: Entity,
    systems: Systems,
    scratch: Path,
    share: float,
    stack: ExitStack,
) -> tuple[Incoming, list[str]]:
    if mapping.system.kind == "files":
        return _open_files(con, mapping, scratch, share, stack)
    with systems.source(mapping.system) as source:
        types = checked_columns(mapping, entity, source)
        names = [column.name for column in entity.columns if column.name in types]
        file = scratch / "incoming.parquet"
        with source.batches(mapping, names, limit=CHECKED_ROWS) as reader:
            write_batches(mapping, reader, file)
    return open_batches(con, mapping, [file], types), []


def _judged(
    con: Any, entity: Entity, incoming: Incoming, scratch: Path
) -> tuple[Landed, list[str]]:
    rules = rules_of(entity, incoming.types, incoming.words)
    create_checked_view(con, entity, incoming, rules)
    collect_bad(con, entity, incoming, rules)
    con.execute(
        "copy (select _row from checked where _row not in "
        "(select source_row from bad_rows where is_held_back and source_row is not null)) "
        f"to '{scratch / ROWS}' (format parquet)"
    )
    landed = summary(con, entity, incoming, 0, scratch)
    return landed, landed.examples[:EXAMPLES]


def _table(names: list[str], rows: list[tuple[Any, ...]]) -> Iterator[str]:
    cells = [names, *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(names))]
    for row in cells:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def _cell(value: object) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
