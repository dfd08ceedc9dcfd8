"""Sign-in to a REST API by dlt's classes, with secrets from an address or the environment."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from dlt.sources.helpers.rest_client.auth import (
    APIKeyAuth,
    AuthConfigBase,
    BearerTokenAuth,
    HttpBasicAuth,
    OAuth2ClientCredentials,
)
from requests import RequestException, Response
from requests import Session as BaseSession

from keyaccounts.errors import ConfigurationError, KeyaccountsError
from keyaccounts.settings import environment_value
from keyaccounts.sources.mapping import System
from keyaccounts.sources.rest_spec import Auth

EARLY = 60
"""Seconds before its end at which a token is renewed."""


@dataclass(frozen=True)
class Address:
    """The base of an API, and the secrets that came with its address."""

    base: str
    login: str | None
    secret: str | None
    refresh_token: str | None

    @classmethod
    def of(cls, system: System, text: str) -> Address:
        """Take an address apart: https://login:secret@host/base?refresh_token=…"""
        try:
            parts = urlsplit(text)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            parts, port = urlsplit(""), ""
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigurationError(
                f"{system.place}: system {system.name}: the address must be like "
                "https://api.example.com/v1"
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        more = parse_qs(parts.query)
        return cls(
            urlunsplit((parts.scheme, host + port, parts.path.rstrip("/"), "", "")),
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
            next(iter(more.get("refresh_token", [])), None),
        )


def auth_of(system: System, auth: Auth, address: Address, session: BaseSession) -> Any:
    """Return what signs the requests; None without sign-in. Raises ConfigurationError."""

    def secret(part: str, given: str | None, env: str | None) -> str:
        found = environment_value(env) if env else given
        if found is None:
            hint = (
                f"the environment variable {env} is not set"
                if env
                else f"the address of system {system.name} has none, and no {part}_env is named"
            )
            raise ConfigurationError(
                f"{system.place}: system {system.name}: auth {auth.type} needs a {part}: {hint}"
            )
        return found

    if auth.type == "none":
        return None
    word = secret("secret", address.secret, auth.secret_env)
    if auth.type == "bearer":
        return BearerTokenAuth(token=word)
    if auth.type == "api_key":
        place: Any = auth.location
        return APIKeyAuth(name=auth.name, api_key=word, location=place)
    login = secret("login", address.login, auth.login_env)
    if auth.type == "basic":
        return HttpBasicAuth(username=login, password=word)
    refresh = None
    if auth.grant == "refresh_token":
        refresh = secret("refresh_token", address.refresh_token, auth.refresh_token_env)
    url = auth.token_url
    if not urlsplit(url).scheme:
        url = f"{address.base}/{url.lstrip('/')}"
    return Tokens(system, auth, url, login, word, session, refresh)


def secrets_of(auth: Any) -> list[str]:
    """Return what no message may say."""
    names = ("token", "api_key", "password", "client_secret", "access_token", "refresh_token")
    return [str(value) for name in names if (value := getattr(auth, name, None))]


class Tokens(OAuth2ClientCredentials):
    """OAuth 2: client credentials, or a refresh token that the server may change each time."""

    def __init__(
        self,
        system: System,
        auth: Auth,
        url: str,
        login: str,
        secret: str,
        session: BaseSession,
        refresh_token: str | None,
    ) -> None:
        """Take what is needed; nothing is asked before the first request."""
        super().__init__(
            access_token_url=url, client_id=login, client_secret=secret, session=session
        )
        self.system = system
        self.auth = auth
        self.first_refresh_token = refresh_token
        self.refresh_token = refresh_token
        self.file = system.base / auth.token_file if auth.token_file else None

    def obtain_token(self) -> None:
        """Get a token. Raises ConfigurationError when the server refuses, KeyaccountsError."""
        with self._locked():
            self.refresh_token = self._kept() or self.first_refresh_token
            said = self._asked()
            self.access_token = str(said["access_token"])
            lasts = int(said.get("expires_in") or self.default_token_expiration)
            self.token_expiry = self.token_expiry.now("UTC").add(seconds=max(lasts - EARLY, 1))
            if said.get("refresh_token"):
                self.refresh_token = str(said["refresh_token"])
                self._keep()

    def _asked(self) -> dict[str, Any]:
        where = f"{self.system.place}: system {self.system.name}: {self.access_token_url}"
        try:
            response = self.session.post(
                self.access_token_url, allow_redirects=False, **self.build_access_token_request()
            )
        except RequestException as error:
            raise KeyaccountsError(
                f"{where} cannot be reached ({type(error).__name__}). Nothing landed; run again"
            ) from error
        if response.status_code >= 500 or response.status_code == 429:
            raise KeyaccountsError(
                f"{where} answers {response.status_code}. Nothing landed; run again later"
            )
        said = _json(response)
        if response.status_code >= 300 or not said.get("access_token"):
            why = said.get("error_description") or said.get("error") or "no access_token came"
            hint = (
                "; sign in again and put the new refresh token in its place"
                if self.auth.grant == "refresh_token"
                else ""
            )
            raise ConfigurationError(
                f"{where} refuses to sign in ({response.status_code}): "
                f"{_without(str(why), secrets_of(self))[:200]}{hint}"
            )
        return said

    def build_access_token_request(self) -> dict[str, Any]:
        """Return headers and form of the request for a token."""
        form = {"grant_type": self.auth.grant, **self.auth.token_params}
        headers = {"Accept": "application/json"}
        if self.refresh_token:
            form["refresh_token"] = self.refresh_token
        if self.auth.client == "header":
            pair = b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        else:
            form |= {"client_id": self.client_id, "client_secret": self.client_secret}
        return {"headers": headers, "data": form}

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Renew one after the other: two at once would spend the same refresh token."""
        if self.file is None:
            yield
            return
        with self.file.with_suffix(self.file.suffix + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _mark(self) -> str:
        return hashlib.sha256((self.first_refresh_token or "").encode()).hexdigest()

    def _kept(self) -> str | None:
        """Return the newest token that grew from the one that was given."""
        if self.file is None or not self.file.is_file():
            return None
        kept = json.loads(self.file.read_text("utf-8"))
        return kept["refresh_token"] if kept.get("from") == self._mark() else None

    def _keep(self) -> None:
        if self.file is None:
            return
        draft = self.file.with_suffix(self.file.suffix + ".new")
        draft.unlink(missing_ok=True)
        text = json.dumps({"from": self._mark(), "refresh_token": self.refresh_token})
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(self.file)


def is_renewable(auth: AuthConfigBase | None) -> bool:
    """Return whether a token that the server no longer takes can be exchanged."""
    return isinstance(auth, Tokens)


def _json(response: Response) -> dict[str, Any]:
    try:
        said = json.loads(response.content)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _without(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return text
