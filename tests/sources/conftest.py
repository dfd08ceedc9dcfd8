"""A Postgres for all tests of the folder, and companies in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.postgres import Server, started_server
from tests.sources.api import Api, started_api
from tests.sources.company import Company


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with started_server() as found:
        yield found


@pytest.fixture
def company_of(
    server: Server, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Company]:
    """Return a function that makes a company of a size in a database of its own."""

    def made(size: int = 60, seed: int = 1) -> Company:
        name = f"t{abs(hash((request.node.name, size, seed)))}"
        company = Company(server, name, size, seed)
        monkeypatch.setenv("AIRFLOW_CONN_SHOP", server.url(name))
        return company

    return made


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """Give an HTTP server; retries do not wait."""
    from keyaccounts.sources import rest_session

    monkeypatch.setattr(rest_session, "FIRST_WAIT", 0.0)
    monkeypatch.setattr(rest_session, "LONGEST_WAIT", 0.0)
    with started_api() as found:
        yield found
