"""The folder of a system of files, here or in object storage: what lies there, and its bytes."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pyarrow.fs import FileInfo, FileSelector, FileType

from keyaccounts.errors import ConfigurationError, KeyaccountsError, SourceRefusedError
from keyaccounts.sources.mapping import Mapping, System
from keyaccounts.storage import Store, open_address

KINDS = (".csv", ".parquet")


@dataclass(frozen=True)
class Found:
    """A file in the folder: its name below it, and what changes when it is written again."""

    name: str
    size: int
    changed: int | None


@dataclass(frozen=True)
class Folder:
    """An open folder. What lies in object storage is copied to `scratch` when it is read."""

    system: System
    scratch: Path
    store: Store | None

    def matching(self, mapping: Mapping, *, may_be_none: bool = False) -> list[Found]:
        """Return the files of an entity in the order of their names, 9 before 10.

        Raises SourceRefusedError when there is none, unless there may be none, or more than one
        where one is meant.
        """
        spec = mapping.file
        pattern = spec.pattern if spec else None
        if pattern is None:
            there = {found.name: found for found in self.listed("*")}
            found = [there[n] for n in _plain(mapping) if n in there]
            if len(found) > 1:
                raise SourceRefusedError(
                    f"{' and '.join(file.name for file in found)} are both there: keep one of the "
                    "two, or set file"
                )
            wanted = " or ".join(_plain(mapping))
        else:
            found, wanted = self.listed(pattern), pattern
        if not found and not may_be_none:
            there_are = [file.name for file in self.listed("*")][:10]
            raise SourceRefusedError(
                f"{mapping.entity}: no {wanted} in {self.called}; it has "
                f"{', '.join(there_are) or 'no file'}"
            )
        return sorted(found, key=lambda file: _natural(file.name))

    @property
    def called(self) -> str:
        """What messages call the folder."""
        return self.store.url if self.store else str(self.system.folder)

    def listed(self, pattern: str) -> list[Found]:
        """Return the files whose name below the folder matches; what programs hide is left out."""
        if self.store is not None:
            infos = self.store.files.get_file_info(FileSelector("", recursive="/" in pattern))
            found = [_of(info) for info in infos if info.type == FileType.File]
        else:
            assert self.system.folder is not None
            paths = [path for path in self.system.folder.glob(pattern) if path.is_file()]
            found = [self._stat(path) for path in paths]
        return [file for file in found if _matches(file.name, pattern)]

    def _stat(self, path: Path) -> Found:
        assert self.system.folder is not None
        facts = path.stat()
        name = path.relative_to(self.system.folder).as_posix()
        return Found(name, facts.st_size, facts.st_mtime_ns)

    def fetch(self, file: Found) -> Path:
        """Return where a file lies on this machine."""
        if self.store is None:
            assert self.system.folder is not None
            return self.system.folder / file.name
        target = self.scratch / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            self.store.files.open_input_stream(file.name, compression=None) as stream,
            target.open("wb") as copy,
        ):
            shutil.copyfileobj(stream, copy, 1 << 20)
        return target

    def drop(self, file: Found) -> None:
        """Forget the copy of a file."""
        if self.store is not None:
            (self.scratch / file.name).unlink(missing_ok=True)

    def refuse_changed(self, file: Found) -> None:
        """Raise KeyaccountsError when a file was written to while it was read."""
        if self.store is None and self._stat(self.fetch(file)) != file:
            raise KeyaccountsError(
                f"{file.name} changed while it was read, so it is not complete yet; nothing of it "
                "landed. Run again when it is"
            )


@contextmanager
def open_folder(system: System) -> Iterator[Folder]:
    """Open the folder of a system. Raises ConfigurationError when it is not there."""
    with tempfile.TemporaryDirectory(prefix="keyaccounts-") as scratch:
        if system.folder_url is not None:
            what = f"{system.place}: folder"
            with open_address(system.folder_url, what) as store:
                yield Folder(system, Path(scratch), store)
            return
        if system.folder is None or not system.folder.is_dir():
            raise ConfigurationError(f"{system.place}: {system.folder} is no folder")
        yield Folder(system, Path(scratch), None)


@contextmanager
def contract_folder(mapping: Mapping) -> Iterator[Path]:
    """Give a folder on this machine that holds the contract file of an entity."""
    with open_folder(mapping.system) as folder:
        if folder.store is None:
            assert mapping.system.folder is not None
            yield mapping.system.folder
        else:
            yield folder.fetch(folder.matching(mapping)[0]).parent


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _plain(mapping: Mapping) -> list[str]:
    kinds = (*KINDS, ".xlsx") if mapping.file else KINDS
    return [f"{mapping.entity}{kind}" for kind in kinds]


def _of(info: FileInfo) -> Found:
    return Found(info.path, info.size, info.mtime_ns)


def _matches(name: str, pattern: str) -> bool:
    path = PurePosixPath(name)
    is_hidden = any(part.startswith((".", "~$")) for part in path.parts)
    same_depth = len(path.parts) == len(PurePosixPath(pattern).parts)
    return not is_hidden and same_depth and path.match(pattern)


def _natural(name: str) -> list[tuple[int, str]]:
    return [
        (int(part), "") if part.isdecimal() else (-1, part.casefold())
        for part in re.split(r"(\d+)", name)
        if part
    ]
