"""Land the files of an entity as `sources.yml` describes them: all of them, or those that are new.

With `load: full` the files that match say together all that the entity holds, as one load. With
`load: incremental` each file is a load of its own, read once: what it is, its content says, so a
copy under another name is no new file and a file that was changed is one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping as Facts
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

from keyaccounts.contract import CONTRACT_VERSION, Entity, load_contract
from keyaccounts.errors import KeyaccountsError, SourceRefusedError
from keyaccounts.landing import delta
from keyaccounts.landing.checked import EXAMPLES, Landed, refuse_bad_share
from keyaccounts.landing.drift import column_drift, had_rows
from keyaccounts.landing.loads import Load, loads_in_play
from keyaccounts.landing.write import commit, drafted, write_checked_rows
from keyaccounts.settings import Run, Settings
from keyaccounts.sources.folder import Folder, Found, digest_of, open_folder
from keyaccounts.sources.mapping import Mapping
from keyaccounts.sources.tables import Opened, open_tables

FEW = 20
"""Below so many bad rows a share of one new file says nothing; all that landed is judged later."""
FILES = "files_read"
"""What a manifest says of the files of its load."""


def land_files(
    settings: Settings,
    run: Run,
    mapping: Mapping,
    *,
    allow_empty: bool = False,
    reload: bool = False,
) -> Landed:
    """Read the files of an entity and land them.

    `reload` reads the files of an incremental entity again from the first one on; `allow_empty`
    confirms that rows, or files that landed, are gone. Raises SourceRefusedError with the file.
    """
    try:
        with open_folder(mapping.system) as folder:
            if mapping.load == "full":
                files = folder.matching(mapping)
                return _land(settings, run, mapping, folder, files, "full", allow_empty=allow_empty)
            return _land_new(settings, run, mapping, folder, allow_empty, reload)
    except SourceRefusedError as error:
        raise SourceRefusedError(f"{mapping.place}: {error}") from error


def _land_new(
    settings: Settings, run: Run, mapping: Mapping, folder: Folder, allow_empty: bool, reload: bool
) -> Landed:
    loads = loads_in_play(settings, mapping.entity)
    landed_files = {f["sha256"]: f["name"] for load in loads for f in load.manifest.get(FILES, ())}
    # What landed may have been moved away.
    files = folder.matching(mapping, may_be_none=bool(landed_files))
    digests = _digests(settings, mapping.entity, folder, files)
    if reload and not allow_empty:
        _refuse_lost(mapping, landed_files, set(digests.values()))
    seen, notes = ({} if reload else dict(landed_files)), list[str]()
    new = []
    for file in files:
        known = seen.get(digests[file.name])
        if known is None:
            was = " changed since it landed:" if file.name in seen.values() else ""
            notes.append(f"{file.name}{was} is new")
            new.append(file)
            seen[digests[file.name]] = file.name
        elif known != file.name:
            notes.append(f"{file.name} holds what {known} holds: not read again")
    if not new:
        notes.append(f"no new file among {len(files)}")
        number = loads[-1].number if loads else 0
        return Landed(mapping.entity, number, False, 0, 0, {}, [], [], [], notes=notes)
    # What another kind of source said is not added to: the first file starts anew.
    mode = "full" if reload or not landed_files else "incremental"
    came: list[Landed] = []
    for file in new:
        try:
            came.append(_land(settings, run, mapping, folder, [file], mode, allow_empty=True))
        except KeyaccountsError as error:
            behind = len(new) - len(came) - 1
            told = f"; {len(came)} new files before it landed, {behind} behind it wait"
            raise type(error)(f"{error}{told if len(new) > 1 else ''}") from error
        mode = "incremental"
    return _together(came, notes)


def _refuse_lost(mapping: Mapping, landed: dict[str, str], there: set[str]) -> None:
    lost = [name for digest, name in landed.items() if digest not in there]
    if lost:
        raise SourceRefusedError(
            f"{mapping.label}: {len(lost)} files that landed are no longer there "
            f"({', '.join(lost[:5])}), and their rows would be gone. Put them back, or run again "
            f"with --allow-empty {mapping.entity}"
        )


def _together(came: list[Landed], notes: list[str]) -> Landed:
    nulled: dict[str, int] = {}
    for landed in came:
        for name, count in landed.nulled.items():
            nulled[name] = nulled.get(name, 0) + count
    return replace(
        came[-1],
        is_new=any(landed.is_new for landed in came),
        rows=sum(landed.rows for landed in came),
        quarantined=sum(landed.quarantined for landed in came),
        unchanged=sum(landed.unchanged for landed in came),
        deleted=sum(landed.deleted for landed in came),
        nulled=nulled,
        examples=[text for landed in came for text in landed.examples][:EXAMPLES],
        unknown_columns=list(dict.fromkeys(n for landed in came for n in landed.unknown_columns)),
        notes=notes + [note for landed in came for note in landed.notes],
    )


def _land(
    settings: Settings,
    run: Run,
    mapping: Mapping,
    folder: Folder,
    files: list[Found],
    mode: str,
    *,
    allow_empty: bool,
) -> Landed:
    """Land files as one load."""
    try:
        return _land_checked(settings, run, mapping, folder, files, mode, allow_empty)
    except SourceRefusedError:
        # What is wrong with a file that is still being written will be right when it is whole.
        for file in files:
            folder.refuse_changed(file)
        raise
    finally:
        for file in files:
            folder.drop(file)


def _land_checked(
    settings: Settings,
    run: Run,
    mapping: Mapping,
    folder: Folder,
    files: list[Found],
    mode: str,
    allow_empty: bool,
) -> Landed:
    entity = load_contract()[mapping.entity]
    with drafted(settings, mapping.entity) as (con, draft):
        loads = loads_in_play(settings, mapping.entity)
        here = [(file.name, folder.fetch(file)) for file in files]
        # What commits a draft removes the folder where its database spills.
        opened = open_tables(
            con, entity, mapping, here, draft / "spill" / "files", settings.max_quarantine_share
        )
        if mode == "full":
            landed = write_checked_rows(con, settings, entity, opened.incoming, draft)
            refuse_bad_share(settings, opened.incoming, landed)
        else:
            landed = _write_new(con, settings, entity, opened, loads, draft)
        is_emptied = mode == "full" and landed.rows == 0 and landed.quarantined == 0
        is_emptied = is_emptied and had_rows(con, loads)
        if is_emptied and not allow_empty:
            raise SourceRefusedError(
                f"{opened.incoming.label} is refused: it has no row, load {loads[-1].number} had "
                f"some. If that is right, run again with --allow-empty {mapping.entity} (in "
                "Airflow: the parameter allow_empty)"
            )
        for file in files:
            folder.refuse_changed(file)
        facts = _facts(run, mapping, entity, opened, here, mode) | {"is_emptied": is_emptied}
        notes = [*opened.notes, *_drift(loads, mapping, entity, opened, facts)]
        landed = replace(landed, notes=notes, unknown_columns=[])
        return commit(con, settings, run, entity, opened.incoming, landed, draft, facts)


def _write_new(
    con: Any,
    settings: Settings,
    entity: Entity,
    opened: Opened,
    loads: list[Load],
    draft: Path,
) -> Landed:
    landed = delta.write(
        con, settings, entity, opened.incoming, loads, draft, is_feed=False, has_gone=False
    )
    if landed.quarantined >= FEW:
        read = sum(table.rows for table in opened.tables) + len(opened.incoming.torn)
        judged = replace(landed, rows=read - landed.quarantined)
        refuse_bad_share(settings, opened.incoming, judged)
    return replace(landed, unchanged=landed.unchanged + len(opened.incoming.torn))


def _facts(
    run: Run,
    mapping: Mapping,
    entity: Entity,
    opened: Opened,
    here: list[tuple[str, Path]],
    mode: str,
) -> dict[str, Any]:
    names = {column.name for column in entity.columns}
    types = opened.incoming.types
    read = [
        {"name": name, "sha256": digest_of(path), "rows": table.rows, "said": table.said}
        for (name, path), table in zip(here, opened.tables, strict=True)
    ]
    facts = [CONTRACT_VERSION, mapping.columns, repr(mapping.file), sorted(names & set(types))]
    if mode != "full":
        # Two files are two loads, though they may say the same.
        facts.append([file["sha256"] for file in read])
    return {
        "mode": mode,
        "mapping": hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16],
        "types": types,
        "window": {"from": None, "to": run.wall_time.astimezone(UTC).isoformat()},
        "source_rows": sum(table.rows + len(table.torn) for table in opened.tables),
        "parts": [[part.start, part.label, part.word] for part in opened.incoming.place.parts],
        FILES: read,
    }


def _drift(
    loads: list[Load], mapping: Mapping, entity: Entity, opened: Opened, facts: Facts[str, Any]
) -> list[str]:
    """Say what is not as in the newest load: columns, and how values are written."""
    before = loads[-1].manifest if loads else {}
    types = opened.incoming.types
    names = {column.name for column in entity.columns}
    if "types" not in before:
        notes = [
            f"column {name} is not in the contract: ignored" for name in types if name not in names
        ]
    else:
        notes = column_drift(before["types"], types, names)
    for name, there in mapping.columns.items():
        if name not in types:
            place = mapping.column_places[name]
            notes.append(f"{place}: the file has no column {there}: {name} is null")
    last = before.get(FILES, ())
    if last and facts[FILES] and last[-1]["said"] != facts[FILES][-1]["said"]:
        was, now = ", ".join(last[-1]["said"]), ", ".join(facts[FILES][-1]["said"])
        notes.append(f"files are written otherwise than before: {now}; before: {was}")
    return notes


def _digests(settings: Settings, entity: str, folder: Folder, files: list[Found]) -> dict[str, str]:
    """Return the content of each file as a digest; of files that did not change as last seen.

    What was seen lies beside the landing, and can be deleted.
    """
    cache = settings.home / "sources" / f"{entity}.files.json"
    try:
        known = {tuple(row[:4]): row[4] for row in json.loads(cache.read_text("utf-8"))}
    except (FileNotFoundError, ValueError, TypeError, IndexError):
        known = {}
    found = {}
    for file in files:
        key = (folder.called, file.name, file.size, file.changed)
        if key not in known:
            known[key] = digest_of(folder.fetch(file))
            folder.drop(file)
        found[file.name] = known[key]
    names = {file.name for file in files}
    cache.parent.mkdir(parents=True, exist_ok=True)
    draft = cache.with_suffix(".new")
    rows = [[*key, digest] for key, digest in known.items() if key[1] in names]
    draft.write_text(json.dumps(rows), "utf-8")
    draft.replace(cache)
    return found
