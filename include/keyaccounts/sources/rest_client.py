"""Requests to a REST API through dlt's client, and errors told plainly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from dlt.common.configuration.specs.runtime_configuration import RuntimeConfiguration
from dlt.sources.helpers.rest_client.client import RESTClient
from requests import RequestException, Response

from keyaccounts.errors import ConfigurationError, KeyaccountsError
from keyaccounts.sources.mapping import System
from keyaccounts.sources.paths import Path, filled, scalar
from keyaccounts.sources.rest_answers import EXCERPT, NoJsonError, exact, flat, records_in
from keyaccounts.sources.rest_auth import Address, auth_of, is_renewable, secrets_of
from keyaccounts.sources.rest_paging import paginator_of
from keyaccounts.sources.rest_session import Paced, host_of, session_of
from keyaccounts.sources.rest_spec import Paging, Request


@dataclass(frozen=True)
class Page:
    """One answer: its records, and the whole of it."""

    number: int
    records: list[Any]
    body: Any
    reference: str | None
    """What the next page is asked for with, where the answer says that."""


class Api(RESTClient):
    """The client of one system."""

    def __init__(self, system: System, address: str) -> None:
        """Sign in is left to the first request. Raises ConfigurationError."""
        assert system.api is not None
        self.system = system
        found = Address.of(system, address)
        tokens = session_of(system)
        auth = auth_of(system, system.api.auth, found, tokens)
        session = session_of(system)
        hosts = {
            host_of(found.base),
            *([host_of(auth.access_token_url)] if is_renewable(auth) else []),
        }
        pace = 1 / system.api.rate_limit if system.api.rate_limit else 0.0
        for one in (session, tokens):
            adapter = Paced(system, hosts, pace, auth if one is session else None)
            one.mount("http://", adapter)
            one.mount("https://", adapter)
        self.sessions = (session, tokens)
        super().__init__(
            found.base,
            headers={"Accept": "application/json"},
            auth=auth,
            session=session,
            config=RuntimeConfiguration(),
        )

    def pages(self, label: str, request: Request, values: Mapping[str, Any]) -> Iterator[Page]:
        """Yield the pages of a request; `values` fill its placeholders.

        Raises ConfigurationError where the request is wrong, KeyaccountsError where another run
        may be answered better.
        """
        params = {name: scalar(value) for name, value in filled(request.params, values).items()}
        body = filled(request.body, values)
        place = f"{self.system.place.file} line {request.line}: {label}"
        paging = request.paging
        if paging.size_param and paging.type != "offset" and paging.size is not None:
            params, body = _with_size(paging, params, body)
        paginator = paginator_of(paging, params, body)
        answers = self.paginate(
            filled(request.path, values),
            method="GET" if body is None else "POST",
            params=params,
            json=body,
            paginator=paginator,
            data_selector=request.records.text,
            headers=request.headers or None,
            hooks={"response": []},
        )
        number = 0
        while True:
            number += 1
            with self._told(place, number):
                answer = next(answers, None)
                if answer is None:
                    return
                body = answer.response.json()
                records = records_in(request, body, place, number)
            reference = getattr(paginator, "_next_reference", None)
            yield Page(number, records, body, str(reference) if reference else None)

    def once(
        self, label: str, line: int, path: str, params: Mapping[str, Any], values: Mapping[str, Any]
    ) -> Any:
        """Return the body of one answer."""
        place = f"{self.system.place.file} line {line}: {label}"
        with self._told(place, 1):
            return self.get(filled(path, values), params=filled(dict(params), values)).json()

    def extract_response(self, response: Response, data_selector: Any) -> list[Any]:
        """Return the records; dlt asks whether a page is empty."""
        return flat(Path(str(data_selector)).all(response.json()))

    def _send_request(self, request: Any, **kwargs: Any) -> Response:
        """Send, try again where that may help, and judge the answer."""
        response = super()._send_request(request, **kwargs)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            raise Refused(response)
        parsed = exact(response)
        response.json = lambda **_: parsed  # type: ignore[method-assign]
        return response

    @contextmanager
    def _told(self, place: str, page: int) -> Iterator[None]:
        try:
            yield
        except Refused as error:
            raise self._refused(error.response, place, page) from error
        except NoJsonError as error:
            raise KeyaccountsError(
                f"{place}: page {page} {error}. Nothing of it landed; run again, and if it stays "
                "so, see whether the address is that of the API"
            ) from error
        except RequestException as error:
            raise KeyaccountsError(
                f"{place}: the connection to system {self.system.name} broke at page {page}: "
                f"{self._clean(_innermost(error))}. Nothing of it landed; see whether the server "
                "is up, then run again"
            ) from error
        except ValueError as error:
            # dlt does not find what says whether there is another page.
            raise ConfigurationError(
                f"{place}: page {page} does not say what paging needs "
                f"({self._clean(str(error).split(',')[0])[:EXCERPT]})"
            ) from error

    def _refused(self, response: Response, place: str, page: int) -> KeyaccountsError:
        status = response.status_code
        said = " ".join(response.text.split())[:EXCERPT]
        text = f"{place}: page {page}: system {self.system.name} answers {status}"
        about = f": {self._clean(said)}" if said else ""
        assert self.system.api is not None
        tries = self.system.api.retries + 1
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return KeyaccountsError(
                f"{text} (too many requests) {tries} times. Nothing of it landed; set rate_limit "
                f"of the system lower, or run again later{about}"
            )
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return KeyaccountsError(
                f"{text} {tries} times. Nothing of it landed; run again later{about}"
            )
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return ConfigurationError(
                f"{text}: it does not take the sign-in ({self.system.api.auth.type}), or the user "
                f"may not read this{about}"
            )
        return ConfigurationError(f"{text} to {urlsplit(response.url).path}{about}")

    def _clean(self, text: str) -> str:
        for secret in secrets_of(self.auth):
            text = text.replace(secret, "***")
        return text

    def close(self) -> None:
        """Close the connections."""
        for session in self.sessions:
            session.close()


class Refused(Exception):  # noqa: N818
    """An answer with a status that is an error."""

    def __init__(self, response: Response) -> None:
        """Keep the answer."""
        super().__init__(response.status_code)
        self.response = response


def _with_size(paging: Paging, params: Any, body: Any) -> tuple[Any, Any]:
    size = {str(paging.size_param): paging.size}
    return (params, {**body, **size}) if paging.in_body else ({**params, **size}, body)


def _innermost(error: BaseException) -> str:
    """Return the cause without the addresses that a library puts around it."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    text = str(error).split("\n")[0]
    return f"{type(error).__name__}: {text}" if text and "://" not in text else type(error).__name__
