"""Files of a publication that Superset keeps open, without a Superset."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from keyaccounts.bi.locked import OpenFiles, connect_arguments


def published(folder: Path, version: str) -> Path:
    file = folder / version / "keyaccounts.duckdb"
    file.parent.mkdir()
    con = duckdb.connect(str(file))
    con.execute("create table t as select range as i from range(10)")
    con.close()
    return file


def is_open(file: Path) -> bool:
    """Tell whether this process has the file open, deleted or not."""
    links = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return any(str(link).removesuffix(" (deleted)") == str(file) for link in links)


def asked(file: Path) -> int:
    """Ask as Superset does: an engine for each query, no pool."""
    engine = create_engine(
        make_url(f"duckdb:///{file}"), poolclass=NullPool, connect_args=connect_arguments()
    )
    with engine.connect() as connection:
        return int(connection.execute(text("select count(*) from t")).scalar_one())


def kept(files: OpenFiles, file: Path) -> None:
    files.keep(make_url(f"duckdb:///{file}"), file)


def test_a_file_stays_open_between_queries(tmp_path: Path) -> None:
    file = published(tmp_path, "000001")
    assert asked(file) == 10
    assert not is_open(file)
    files = OpenFiles()
    kept(files, file)
    assert asked(file) == 10
    assert is_open(file)


def test_what_was_asked_for_longest_ago_is_closed(tmp_path: Path) -> None:
    first, second, third = (published(tmp_path, f"00000{n}") for n in (1, 2, 3))
    files = OpenFiles(most=2)
    for file in (first, second, first, third):
        kept(files, file)
    assert [is_open(file) for file in (first, second, third)] == [True, False, True]
    assert asked(second) == 10


def test_a_version_that_is_gone_is_closed_with_the_next_query(tmp_path: Path) -> None:
    old, new = published(tmp_path, "000001"), published(tmp_path, "000002")
    files = OpenFiles()
    kept(files, old)
    shutil.rmtree(old.parent)
    assert is_open(old)
    kept(files, new)
    assert not is_open(old)


@pytest.mark.parametrize("statement", ["delete from t", "select * from read_text('/etc/hostname')"])
def test_what_is_kept_open_is_locked_down(statement: str, tmp_path: Path) -> None:
    file = published(tmp_path, "000001")
    kept(OpenFiles(), file)
    engine = create_engine(f"duckdb:///{file}", connect_args=connect_arguments())
    with engine.connect() as connection, pytest.raises(Exception, match=r"(?i)read-only|disabled"):
        connection.execute(text(statement))
