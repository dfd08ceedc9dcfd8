"""Addresses of Airflow connections, as Airflow writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from keyaccounts.errors import ConfigurationError
from keyaccounts.landing import latest_rows
from keyaccounts.sources.connect import address_of, connection_from_environment
from tests.sources.company import SOURCES, Company
from tests.sources.nights import Nights


def test_json_of_airflow_is_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_ERP",
        '{"conn_type": "postgres", "login": "r", "password": "p@s/s", "host": "db", '
        '"port": 5433, "schema": "erp", "extra": {"sslmode": "require", "cursor": "x"}}',
    )
    found = connection_from_environment("erp")
    assert found == "postgresql://r:p%40s%2Fs@db:5433/erp?sslmode=require"


def test_an_address_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ERP", "postgres://r@db/erp")
    assert connection_from_environment("erp") == "postgres://r@db/erp"
    assert connection_from_environment("crm") is None


def test_what_is_no_json_is_told_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ERP", '{"password": "secret"')
    with pytest.raises(ConfigurationError) as refused:
        connection_from_environment("erp")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("facts", "address"),
    [
        ({"conn_type": "http", "host": "api.example.com", "schema": "https", "password": "t/1"},
         "https://:t%2F1@api.example.com"),
        ({"conn_type": "http", "host": "https://api.example.com/v1", "login": "me", "port": 8443},
         "https://me@api.example.com:8443/v1"),
        ({"conn_type": "http", "host": "api.example.com", "login": "id", "password": "secret",
          "extra": {"refresh_token": "r&1", "timeout": 5}},
         "http://id:secret@api.example.com?refresh_token=r%261"),
    ],
)  # fmt: skip
def test_a_connection_to_an_api_is_an_address(facts: dict[str, object], address: str) -> None:
    assert address_of(facts) == address


@pytest.mark.parametrize("kind", ["postgres", "postgresql"])
def test_a_connection_without_user_has_none(kind: str) -> None:
    assert address_of({"conn_type": kind, "host": "db"}) == "postgresql://db/"


def test_a_run_reads_one_state_of_the_system(
    company_of: Callable[..., Company], tmp_path: Path
) -> None:
    """What is committed while a run reads belongs to the next one, for all entities alike."""
    nights = Nights(company_of(), tmp_path / "home", SOURCES)
    log = nights.log

    class Disturbing(list[str]):
        def append(self, line: str) -> None:
            if "extract erp_products ..." in line:
                # Accounts are read by now, documents are not.
                nights.company.add_documents(5)
            log.append(line)

    from keyaccounts import nightly

    nightly.extract_all(nights.settings, nights.run, log=Disturbing().append)
    assert len(latest_rows(nights.settings, "erp_invoices")) == 60
    nights.extract()
    assert len(latest_rows(nights.settings, "erp_invoices")) == 65
