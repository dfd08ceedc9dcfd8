"""Open the systems of `sources.yml`: addresses come from Airflow or the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

from keyaccounts.errors import ConfigurationError
from keyaccounts.settings import environment_value
from keyaccounts.sources.base import Source
from keyaccounts.sources.mapping import System

Resolve = Callable[[str], str | None]
"""Returns the address of an Airflow connection, None when there is no such connection."""
LIBPQ = ("sslmode", "sslrootcert", "sslcert", "sslkey", "options", "target_session_attrs")
"""What an Airflow connection of type Postgres may say beside the address."""


def connection_from_environment(name: str) -> str | None:
    """Return the address in `AIRFLOW_CONN_<NAME>`: an address, or JSON as Airflow writes it."""
    text = environment_value(f"AIRFLOW_CONN_{name.upper()}")
    if text is None or not text.lstrip().startswith("{"):
        return text
    try:
        return address_of(json.loads(text))
    except (ValueError, AttributeError) as error:
        raise ConfigurationError(f"AIRFLOW_CONN_{name.upper()} is not JSON of Airflow") from error


def address_of(facts: Mapping[str, Any]) -> str:
    """Return the address of a connection given as conn_type, host, login, password, schema, …"""
    extra = facts.get("extra") or {}
    extra = json.loads(extra) if isinstance(extra, str) else extra
    login, password = (quote(str(facts.get(key) or ""), safe="") for key in ("login", "password"))
    user = f"{login}:{password}@" if password else f"{login}@" if login else ""
    kind = str(facts["conn_type"])
    if kind in {"http", "https"}:
        return _http_address(facts, user, extra)
    if kind == "sqlite":
        return f"sqlite:///{facts.get('host') or facts.get('schema') or ''}"
    kind = "postgresql" if kind == "postgres" else kind
    port = f":{facts['port']}" if facts.get("port") else ""
    options = urlencode({key: value for key, value in extra.items() if key in LIBPQ})
    where = f"{kind}://{user}{facts.get('host') or ''}{port}/{facts.get('schema') or ''}"
    return f"{where}?{options}" if options else where


def _http_address(facts: Mapping[str, Any], user: str, extra: Mapping[str, Any]) -> str:
    """Return the address of an HTTP connection: its host may be a whole address, as Airflow's."""
    host = str(facts.get("host") or "")
    scheme, _, rest = host.rpartition("://")
    scheme = scheme or str(facts.get("schema") or facts["conn_type"])
    name, slash, path = rest.partition("/")
    port = f":{facts['port']}" if facts.get("port") else ""
    token = extra.get("refresh_token")
    options = f"?{urlencode({'refresh_token': token})}" if token else ""
    return f"{scheme}://{user}{name}{port}{slash}{path}{options}"


class Systems:
    """The systems that a run has opened; each stays open, so that it is read in one state."""

    def __init__(self, resolve: Resolve = connection_from_environment) -> None:
        """Take how the address of an Airflow connection is found."""
        self._resolve = resolve
        self._open: dict[str, Source] = {}

    @contextmanager
    def source(self, system: System) -> Iterator[Source]:
        """Give the open system; after an error it is opened anew the next time."""
        if system.name not in self._open:
            self._open[system.name] = _opened(system, self._address(system))
        try:
            yield self._open[system.name]
        except BaseException:
            self._open.pop(system.name).close()
            raise

    def _address(self, system: System) -> str:
        kind, value = system.address
        if kind == "url":
            return value
        if kind == "url_env":
            found = environment_value(value)
            if found is None:
                raise ConfigurationError(
                    f"{system.place}: system {system.name}: the environment variable {value} is "
                    "not set; it must hold the address"
                )
            return found
        found = self._resolve(value)
        if found is None:
            raise ConfigurationError(
                f"{system.place}: system {system.name}: there is no connection {value}; add it to "
                f"Airflow, or set the environment variable AIRFLOW_CONN_{value.upper()}"
            )
        return found

    def close(self) -> None:
        """Close all systems."""
        while self._open:
            self._open.popitem()[1].close()

    def __enter__(self) -> Systems:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all systems."""
        self.close()


def _opened(system: System, address: str) -> Source:
    if system.kind == "postgres":
        from keyaccounts.sources.postgres import PostgresSource

        return PostgresSource(system, address)
    if system.kind == "rest":
        # dlt takes a second to import. Only its client is used, and it may tell nobody that it is.
        os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
        from keyaccounts.sources.rest import RestSource

        return RestSource(system, address)
    from keyaccounts.sources.database import DatabaseSource

    return DatabaseSource(system, address)
