"""A user of Superset's pages and API: signs in as a browser does, asks charts for their figures."""

from __future__ import annotations

import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

CURRENT = "X-Keyaccounts-Current"
VERSION = "X-Keyaccounts-Version"


@dataclass
class Answer:
    """Status, headers and body of one answer."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class User:
    """One signed-in user."""

    url: str
    name: str
    password: str
    token: str = ""
    jar: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)
    opener: urllib.request.OpenerDirector = field(init=False)

    def __post_init__(self) -> None:
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        page = self.call("GET", "/login/")
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        assert found, page.text[:500]
        form = {"username": self.name, "password": self.password, "csrf_token": found[1]}
        self.call("POST", "/login/", urllib.parse.urlencode(form).encode(), {})
        assert self.call("GET", "/api/v1/me/").status == 200, f"{self.name} cannot sign in"
        self.token = self.call("GET", "/api/v1/security/csrf_token/").json["result"]

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Ask; an error of HTTP is an answer too."""
        sent = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        if self.token:
            sent |= {"X-CSRFToken": self.token, "Referer": self.url}
        request = urllib.request.Request(self.url + path, body, sent, method=method)
        try:
            with self.opener.open(request, timeout=120) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, dict(error.headers), error.read().decode())

    @property
    def cookies(self) -> dict[str, str]:
        """What a browser must send to be this user, by name."""
        return {each.name: each.value or "" for each in self.jar}

    def ask(self, context: dict[str, Any], headers: dict[str, str] | None = None) -> Answer:
        """Ask for the figures of a query context."""
        return self.call("POST", "/api/v1/chart/data", context, headers)

    def dashboards(self) -> dict[str, int]:
        """Return the dashboards that the user sees, by slug."""
        found = self.call("GET", "/api/v1/dashboard/?q=(page_size:100)").json["result"]
        return {each["slug"]: each["id"] for each in found}

    def charts(self, slug: str) -> list[dict[str, Any]]:
        """Return the charts of a dashboard as its page gets them."""
        return list(self.call("GET", f"/api/v1/dashboard/{slug}/charts").json["result"])

    def context_of(self, chart_id: int) -> dict[str, Any]:
        """Return the query context that was imported with a chart."""
        found = self.call("GET", f"/api/v1/chart/{chart_id}").json["result"]["query_context"]
        return dict(json.loads(found))
