"""How requests go out: their pace, retries, the hosts they may go to, and tokens renewed."""

from __future__ import annotations

import inspect
import time
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from dlt.sources.helpers.requests.retry import Client
from requests import PreparedRequest, Response
from requests import Session as BaseSession
from requests.adapters import HTTPAdapter

from keyaccounts.errors import ConfigurationError
from keyaccounts.sources.mapping import System
from keyaccounts.sources.rest_auth import is_renewable

FIRST_WAIT = 1.0
"""Seconds before the first retry; each further one waits twice as long."""
LONGEST_WAIT = 300.0
"""Seconds that a retry waits at most, whatever the server asks for."""


def session_of(system: System) -> BaseSession:
    """Return a session that tries again after 429, 5xx and a broken connection."""
    assert system.api is not None
    client = Client.__new__(Client)
    # As written: dlt wraps it to look for a configuration of its own on disk.
    inspect.unwrap(Client.__init__)(
        client,
        request_timeout=system.api.timeout,
        raise_for_status=False,
        request_max_attempts=system.api.retries + 1,
        request_backoff_factor=FIRST_WAIT,
        request_max_retry_delay=LONGEST_WAIT,
    )
    return client.session


class Paced(HTTPAdapter):
    """Keeps the pace, speaks to no other host, and renews a token that is no longer taken."""

    def __init__(self, system: System, hosts: set[str], pace: float, auth: Any) -> None:
        """Take seconds between two requests, and the hosts that may hear the sign-in."""
        super().__init__()
        self._system, self._hosts, self._pace, self._auth = system, hosts, pace, auth
        self._next = 0.0

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send one request, at its time."""
        if host_of(str(request.url)) not in self._hosts:
            raise ConfigurationError(
                f"{self._system.place}: system {self._system.name} points to "
                f"{host_of(str(request.url))}; the sign-in is told to no other host"
            )
        response = self._sent(request, *args, **kwargs)
        if response.status_code == HTTPStatus.UNAUTHORIZED and is_renewable(self._auth):
            response.close()
            self._auth.obtain_token()
            self._auth(request)
            response = self._sent(request, *args, **kwargs)
        return response

    def _sent(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        now = time.monotonic()
        if self._next > now:
            time.sleep(self._next - now)
        self._next = max(now, self._next) + self._pace
        return super().send(request, *args, **kwargs)


def host_of(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"
