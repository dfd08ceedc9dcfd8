"""What `sources.yml` says of a REST API: its sign-in, and the requests of each entity."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from keyaccounts.sources.paths import ALWAYS, Condition, Path, Template


@dataclass(frozen=True)
class Auth:
    """How to sign in; secrets come from the address or from environment variables."""

    type: str = "none"
    location: str = "header"
    name: str = "Authorization"
    token_url: str = ""
    grant: str = "client_credentials"
    client: str = "body"
    token_params: dict[str, str] = field(default_factory=dict)
    login_env: str | None = None
    secret_env: str | None = None
    refresh_token_env: str | None = None
    token_file: str | None = None


@dataclass(frozen=True)
class ApiSpec:
    """What holds for all requests to a system."""

    auth: Auth = Auth()
    rate_limit: float | None = None
    retries: int = 5
    timeout: int = 60


@dataclass(frozen=True)
class Paging:
    """How an API gives more rows than fit in one answer."""

    type: str = "none"
    param: str | None = None
    first: int = 1
    size: int | None = None
    size_param: str | None = None
    next: str = ""
    more: str | None = None
    pages: str | None = None
    in_body: bool = False


@dataclass(frozen=True)
class Field:
    """Where the value of a column comes from, and what is done to it."""

    line: int
    sources: tuple[Template, ...] = ()
    constant: str | None = None
    values: tuple[tuple[str, str | None], ...] = ()
    times: Fraction | Field | None = None
    condition: Condition = ALWAYS
    epoch: str | None = None
    zone: str | None = None


@dataclass(frozen=True)
class Allocation:
    """Where a payment says what it settles, and with which credits."""

    credits: tuple[Path, ...]
    targets: tuple[Path, ...]
    amount: Path


@dataclass(frozen=True)
class Request:
    """One request with all its pages, and the rows in its answers."""

    line: int
    path: str
    records: Path
    fields: dict[str, Field]
    params: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    each: tuple[Path, ...] = ()
    split: str | None = None
    allocate: Allocation | None = None
    condition: Condition = ALWAYS
    parent: str | None = None
    paging: Paging = Paging()
    total: Path | None = None
    count: tuple[str, dict[str, Any], Path] | None = None
    most: int | None = None
    is_deleted: bool = False


@dataclass(frozen=True)
class Requests:
    """The requests of one entity: of all rows, of a window, and of what was deleted."""

    whole: tuple[Request, ...]
    since: tuple[Request, ...]
    deleted: tuple[Request, ...] = ()

    @property
    def fields(self) -> dict[str, Field]:
        """The mapped columns of the contract, each as the first request has it."""
        found: dict[str, Field] = {}
        for request in self.whole:
            found = {**request.fields, **found}
        return found

    @property
    def parent(self) -> str | None:
        """The column that names the record which brings all its rows."""
        return next((request.parent for request in self.whole if request.parent), None)

    def without_lines(self) -> Requests:
        """Return what the requests say, wherever in the file they say it."""

        def bare(request: Request) -> Request:
            fields = {name: replace(said, line=0) for name, said in request.fields.items()}
            return replace(request, line=0, fields=fields)

        kinds = (self.whole, self.since, self.deleted)
        return Requests(*(tuple(bare(request) for request in requests) for requests in kinds))
