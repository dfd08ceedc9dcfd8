"""A copy of the publication in a real Postgres: the same figures, whole versions only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as driver
import duckdb
import pytest

from keyaccounts import cli, nightly
from keyaccounts.errors import ConfigurationError, KeyaccountsError
from keyaccounts.publishing.postgres import copy_to_postgres
from keyaccounts.publishing.publish import mart_contract, read_manifest
from keyaccounts.settings import Settings
from tests.conftest import run_at, settings_for, silent
from tests.faults.small import DAY
from tests.postgres import Server, started_server

FIRST, SECOND = f"000001_{DAY}", f"000002_{DAY}"


class Reader:
    """Somebody with a client of Postgres."""

    def __init__(self, url: str) -> None:
        self._connection = driver.connect(url, autocommit=True)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one statement."""
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def close(self) -> None:
        """Go."""
        self._connection.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with started_server() as running:
        yield running


@pytest.fixture
def database(server: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the address of an empty database; roles are the server's and are dropped after."""
    admin = Reader(server.url())
    name = f"db{abs(hash(request.node.name))}"
    admin.rows(f"create database {name}")
    yield server.url(name)
    admin.rows(f"drop database {name} with (force)")
    for (role,) in admin.rows(
        "select rolname::text from pg_roles where rolname !~ '^(pg_|postgres)'"
    ):
        admin.rows(f"drop role {role}")
    admin.close()


@pytest.fixture
def bi(database: str) -> Iterator[Reader]:
    found = Reader(database)
    yield found
    found.close()


@pytest.fixture
def settings(home: Path, database: str) -> Settings:
    """Return the settings of a home of which a version is published and copied."""
    found = replace(settings_for(home), bi_url=database)
    nightly.publish(found, run_at(DAY), silent)
    return found


def current(settings: Settings) -> Path:
    return (settings.published / "current").resolve()


def plain(value: object) -> object:
    return format(value, "f") if isinstance(value, Decimal) else value


def test_every_mart_has_the_same_rows_to_the_last_digit(settings: Settings, bi: Reader) -> None:
    folder = current(settings)
    for name in read_manifest(folder)["marts"]:
        mart = mart_contract()[name]
        place = folder if mart.group is None else folder / "restricted" / mart.group
        schema = "keyaccounts" if mart.group is None else f"keyaccounts_{mart.group}"
        file = place / "parquet" / f"{name}.parquet"
        ours = duckdb.sql(f"select * from read_parquet('{file}')")
        theirs = bi.rows(f"select * from {schema}.{name}")
        expected = [tuple(plain(value) for value in row) for row in ours.fetchall()]
        assert sorted(theirs, key=repr) == sorted(expected, key=repr), name


def test_it_says_which_version_it_is_and_what_each_column_means(
    settings: Settings, bi: Reader
) -> None:
    assert bi.rows("select version, as_of_date::text from keyaccounts.publication") == [
        (FIRST, DAY)
    ]
    meaning = mart_contract()["accounts"].columns["tier"]
    said = "select col_description('keyaccounts.accounts'::regclass, attnum) from pg_attribute "
    said += "where attrelid = 'keyaccounts.accounts'::regclass and attname = 'tier'"
    assert bi.rows(said) == [(meaning,)]


def test_the_same_version_is_not_copied_again(settings: Settings) -> None:
    lines: list[str] = []
    assert copy_to_postgres(settings, current(settings), lines.append) == 0
    assert lines[0].endswith(f"has version {FIRST} already")
    # Another home may give its version the same name.
    manifest = current(settings) / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace('"CNY"', '"EUR"'), "utf-8")
    assert copy_to_postgres(settings, current(settings), silent) > 0


def test_views_rights_and_open_queries_outlive_a_new_version(
    settings: Settings, bi: Reader, database: str
) -> None:
    bi.rows("create view mine as select count(*) as n from keyaccounts.accounts")
    bi.rows("create role tableau")
    bi.rows("grant select on mine to tableau")
    with closing(driver.connect(database)) as open_, closing(open_.cursor()) as cursor:
        cursor.execute("set transaction isolation level repeatable read")
        cursor.execute("select version from keyaccounts.publication")
        assert cursor.fetchall() == [(FIRST,)]
        nightly.publish(settings, run_at(DAY), silent)
        cursor.execute("select version, n from keyaccounts.publication, mine")
        assert cursor.fetchall() == [(FIRST, 10)]
    assert bi.rows("select version, n from keyaccounts.publication, mine") == [(SECOND, 10)]
    assert bi.rows("select has_table_privilege('tableau', 'mine', 'select')") == [(True,)]


def test_a_copy_that_fails_is_not_to_be_seen_and_the_next_one_mends_it(
    settings: Settings, bi: Reader
) -> None:
    bi.rows(
        "create function refuse() returns trigger language plpgsql as "
        "$$ begin raise exception 'disk full'; end $$"
    )
    bi.rows(
        "create trigger no before insert on keyaccounts.tier_transitions execute function refuse()"
    )
    with pytest.raises(
        KeyaccountsError, match=r"copy to Postgres 127.0.0.1:\d+/db\d+: .*disk full"
    ):
        nightly.publish(settings, run_at(DAY), silent)
    assert bi.rows("select version from keyaccounts.publication") == [(FIRST,)]
    assert bi.rows("select count(*) from keyaccounts.accounts") == [(10,)]
    bi.rows("drop trigger no on keyaccounts.tier_transitions")
    copy_to_postgres(settings, current(settings), silent)
    assert bi.rows("select version from keyaccounts.publication") == [(SECOND,)]


def test_each_role_reads_what_is_for_it(settings: Settings, bi: Reader, server: Server) -> None:
    bi.rows("create role anybody login in role keyaccounts")
    bi.rows("create role controller login in role keyaccounts_finance_control")
    bi.rows("create role stranger login")
    name = bi.rows("select current_database()::text")[0][0]

    def may_read(user: str, table: str) -> bool:
        schema = table.split(".")[0]
        return bool(
            bi.rows(
                f"select has_schema_privilege('{user}', '{schema}', 'usage') "
                f"and has_table_privilege('{user}', '{table}', 'select')"
            )[0][0]
        )

    own, cash = "keyaccounts.accounts", "keyaccounts_finance_control.cash_control"
    found = {
        user: (may_read(user, own), may_read(user, cash))
        for user in ("anybody", "controller", "stranger")
    }
    assert found == {
        "anybody": (True, False),
        "controller": (True, True),
        "stranger": (False, False),
    }
    with closing(Reader(server.url(name, "controller"))) as controller:
        assert controller.rows(f"select count(*) from {own}") == [(10,)]
        with pytest.raises(adbc_driver_manager.Error, match="permission denied"):
            controller.rows(f"delete from {own}")


def test_a_table_whose_columns_changed_is_made_anew_unless_something_rests_on_it(
    settings: Settings, bi: Reader
) -> None:
    bi.rows("alter table keyaccounts.accounts add column old text")
    nightly.publish(settings, run_at(DAY), silent)
    columns = "select count(*) from pg_attribute where attrelid = 'keyaccounts.accounts'::regclass "
    assert bi.rows(columns + "and attname = 'old'") == [(0,)]
    bi.rows("alter table keyaccounts.accounts add column old text")
    bi.rows("create view mine as select * from keyaccounts.accounts")
    with pytest.raises(KeyaccountsError, match="drop what rests on it, publish, and create it"):
        nightly.publish(settings, run_at(DAY), silent)


def test_only_what_the_copy_made_is_dropped_when_a_mart_is_no_more(
    settings: Settings, bi: Reader
) -> None:
    bi.rows("create table keyaccounts.gone (a text)")
    bi.rows("create table keyaccounts.mine (a text)")
    bi.rows("update keyaccounts.publication set tables = tables || ' keyaccounts.gone'")
    nightly.publish(settings, run_at(DAY), silent)
    left = "select tablename::text from pg_tables where tablename in ('gone', 'mine')"
    assert bi.rows(left) == [("mine",)]


def test_who_may_not_is_told_what_it_takes(home: Path, server: Server, bi: Reader) -> None:
    bi.rows("create role poor login")
    name = bi.rows("select current_database()::text")[0][0]
    settings = replace(settings_for(home), bi_url=server.url(name, "poor"))
    with pytest.raises(ConfigurationError, match="needs CREATE on the database and CREATEROLE"):
        nightly.publish(settings, run_at(DAY), silent)


def test_a_wrong_address_is_told_without_its_password(home: Path, server: Server) -> None:
    url = f"postgresql://reader:s3cret@{server.address}/postgres"
    with pytest.raises(ConfigurationError, match=f"cannot connect to {server.address}") as refused:
        nightly.publish(replace(settings_for(home), bi_url=url), run_at(DAY), silent)
    assert "s3cret" not in str(refused.value)


def test_the_command_takes_the_address(
    home: Path, database: str, bi: Reader, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["publish", "--home", str(home), "--as-of", DAY, "--to", database]
    assert cli.main(command) == 0
    assert f"version {FIRST}, " in capsys.readouterr().out
    assert bi.rows("select version from keyaccounts.publication") == [(FIRST,)]
    assert cli.main([*command[:-1], "mysql://somewhere/else"]) == ConfigurationError.exit_code
