"""Object storage: copies of the landing for a cluster, copies of the publication for readers.

The home stays the working folder and the truth of the landing. Below `storage_url` lie
`landing/<entity>/<load>/`, `spark/build-<id>/` while a build runs, `published/<version>/`,
`restricted/<version>/` and `published/current.json`. What belongs together is complete when its
manifest is there: the manifest goes last, and what has none is sent again. Endpoint, region and
credentials are those of the environment (`AWS_*` and so on) and of the options of the address.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyarrow import ArrowException
from pyarrow.fs import FileSelector, FileSystem, FileType, LocalFileSystem, SubTreeFileSystem
from pyarrow.fs import copy_files as copy

from keyaccounts.contract import load_contract
from keyaccounts.errors import ConfigurationError, KeyaccountsError
from keyaccounts.landing.loads import MANIFEST, loads_in_play
from keyaccounts.settings import Settings

PUBLISHED, RESTRICTED, SPARK = "published", "restricted", "spark"
POINTER = f"{PUBLISHED}/current.json"
VERSION = re.compile(r"\d{6}_\d{4}-\d\d-\d\d")
BUILD = re.compile(r"build-[0-9a-f]{32}")


@dataclass(frozen=True)
class Store:
    """What lies below `storage_url`; paths are relative to it."""

    url: str
    """The address without its options: fit for a log."""
    files: FileSystem
    kind: str
    """`s3`, `gcs`, `abfs`, `hdfs` or `local`."""

    def spark_url(self, path: str) -> str:
        """Return the address by which Spark reads it: Hadoop's name of S3 is `s3a`."""
        return f"{re.sub('^s3:', 's3a:', self.url)}/{path}"

    def read(self, path: str) -> bytes | None:
        """Return the content of a small file, None when there is none."""
        try:
            with self.files.open_input_stream(path, compression=None) as stream:
                return bytes(stream.read())
        except FileNotFoundError:
            return None

    def put(self, path: str, content: bytes) -> None:
        """Write a small file so that a reader sees the old content or the new one.

        An object appears when its upload is completed; a file of a file system is renamed. HDFS
        renames onto nothing that exists, so there a reader may meet an unfinished file.
        """
        self._make_folder(path)
        draft = f"{path}.new" if self.kind == "local" else path
        with self.files.open_output_stream(draft, compression=None) as stream:
            stream.write(content)
        if draft != path:
            self.files.move(draft, path)

    def send(self, source: Path, path: str) -> None:
        """Copy a local file."""
        self._make_folder(path)
        copy(
            str(source),
            path,
            source_filesystem=LocalFileSystem(),
            destination_filesystem=self.files,
        )

    def fetch(self, path: str, folder: Path) -> None:
        """Copy a folder into a local one."""
        copy(
            path,
            str(folder),
            source_filesystem=self.files,
            destination_filesystem=LocalFileSystem(),
        )

    def folders(self, path: str, named: re.Pattern[str]) -> set[str]:
        """Return the names of the folders in `path` that are ours: what else lies there stays."""
        found = self.files.get_file_info(FileSelector(path, allow_not_found=True))
        return {
            info.base_name
            for info in found
            if info.type == FileType.Directory and named.fullmatch(info.base_name)
        }

    def remove(self, path: str) -> None:
        """Remove a folder with all that it holds; what is gone already is no error."""
        try:
            self.files.delete_dir(path)
        except FileNotFoundError:
            return

    def _make_folder(self, path: str) -> None:
        # An object store has no folders, and a marker for each would be a request each.
        if self.kind in {"local", "hdfs"}:
            self.files.create_dir(str(Path(path).parent), recursive=True)


@contextmanager
def open_store(settings: Settings) -> Iterator[Store | None]:
    """Yield the store of `storage_url`, None without one; its troubles become ours.

    Raises KeyaccountsError when the store does not do what it is asked: a retry goes on.
    """
    if settings.storage_url is None:
        yield None
        return
    with open_address(settings.storage_url, "storage_url") as store:
        yield store


@contextmanager
def open_address(address: str, what: str) -> Iterator[Store]:
    """Yield the store at an address, which messages call `what`; as `open_store`."""
    url, _, options = address.partition("?")
    url = url.rstrip("/")
    try:
        files, base = FileSystem.from_uri(f"{url}?{options}" if options else url)
        yield Store(url, SubTreeFileSystem(base, files), files.type_name)
    except (OSError, ArrowException) as error:
        raise KeyaccountsError(f"{what} {url}: {error}") from error


def begin_build(store: Store) -> str:
    """Remove what earlier builds left and return the folder of a new one.

    It has a name of its own because an executor of a killed build may still be writing.
    """
    for name in sorted(store.folders(SPARK, BUILD)):
        store.remove(f"{SPARK}/{name}")
    return f"{SPARK}/build-{uuid.uuid4().hex}"


def push_landing(
    store: Store, settings: Settings, build: str, files: dict[str, list[str]]
) -> tuple[dict[str, list[str]], int]:
    """Send what a build reads; return its files as Spark finds them, and the loads sent now.

    `files` are the local ones of each landing table: those of the loads go up once, the others
    were derived for this run and lie in the folder of the build.
    """
    sent = sum(push_loads(store, settings))
    placed: dict[str, list[str]] = {}
    for table, paths in files.items():
        placed[table] = []
        for file in map(Path, paths):
            if file.is_relative_to(settings.landing):
                path = f"landing/{file.relative_to(settings.landing).as_posix()}"
            else:
                path = f"{build}/landing/{file.name}"
                store.send(file, path)
            placed[table].append(store.spark_url(path))
    return placed, sent


def push_loads(store: Store, settings: Settings) -> Iterator[bool]:
    """Send the loads in play that are not there; yield for each whether it was sent.

    What was held back stays at home: the cluster reads what is derived from it.
    """
    for name in load_contract():
        for load in loads_in_play(settings, name):
            path = f"landing/{load.folder.relative_to(settings.landing).as_posix()}"
            yield _push(store, load.folder / MANIFEST, path, [(load.rows_file, path)])


def push_published(settings: Settings, current: Path, log: Callable[[str], None]) -> None:
    """Bring the store to what the home publishes: versions first, then the pointer, then prune.

    All versions that the home keeps go up, so a publication whose upload failed is mended by the
    next one. Raises ConfigurationError when another home publishes there, else as `open_store`.
    """
    with open_store(settings) as store:
        if store is None:
            return
        kept = {path.name for path in settings.published.iterdir() if VERSION.fullmatch(path.name)}
        _refuse_another_home(store, max(kept))
        for version in sorted(kept):
            if _push_version(store, settings.published / version):
                log(f"  sent version {version} to {store.url}/{PUBLISHED}")
        as_of_date = json.loads((current / MANIFEST).read_text("utf-8"))["as_of_date"]
        pointer = json.dumps({"version": current.name, "as_of_date": as_of_date}) + "\n"
        if store.read(POINTER) != pointer.encode():
            store.put(POINTER, pointer.encode())
        for prefix in (PUBLISHED, RESTRICTED):
            for old in sorted(store.folders(prefix, VERSION) - kept):
                store.remove(f"{prefix}/{old}")


def _push_version(store: Store, folder: Path) -> bool:
    """Send one version; what is not for everybody lies below a prefix of its own."""
    files = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        inner = file.relative_to(folder).parent
        is_restricted = inner.parts[:1] == (RESTRICTED,)
        prefix = RESTRICTED if is_restricted else PUBLISHED
        inner = inner.relative_to(RESTRICTED) if is_restricted else inner
        files.append((file, (Path(prefix) / folder.name / inner).as_posix()))
    # By prefix: `restricted` is whole before anything of the version can be seen.
    files.sort(key=lambda pair: not pair[1].startswith(RESTRICTED))
    return _push(store, folder / MANIFEST, f"{PUBLISHED}/{folder.name}", files)


def _push(store: Store, manifest: Path, path: str, files: Iterable[tuple[Path, str]]) -> bool:
    """Send files into their folders, then the manifest; False when that was there already.

    Raises ConfigurationError when the store has another manifest: nothing of it is touched.
    """
    text = manifest.read_bytes()
    there = store.read(f"{path}/{MANIFEST}")
    if there == text:
        return False
    if there is not None:
        raise ConfigurationError(
            f"{store.url}/{path} was written by another home: give this one a storage_url of its "
            "own, or remove what lies there"
        )
    for file, folder in files:
        if file != manifest:
            store.send(file, f"{folder}/{file.name}")
    store.put(f"{path}/{MANIFEST}", text)
    return True


def _refuse_another_home(store: Store, newest: str) -> None:
    """Versions only count up, so a pointer beyond ours is not ours."""
    pointer = store.read(POINTER)
    if pointer is not None and (named := json.loads(pointer)["version"])[:6] > newest[:6]:
        raise ConfigurationError(
            f"{store.url}/{PUBLISHED} is at version {named}, this home at {newest}: another home "
            "publishes there, or the versions of this one were deleted; give it a storage_url of "
            "its own, or remove what lies there"
        )
