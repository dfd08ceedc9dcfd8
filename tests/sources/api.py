"""A real HTTP server on the loopback that a test tells what to answer, and when to break."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

NOT_FOUND = 404


@dataclass(frozen=True)
class Call:
    """One request that came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Answer:
    """What to say; `cut` closes the connection after so many bytes of the body."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    cut: int | None = None

    @property
    def content(self) -> bytes:
        """The body as bytes."""
        return json.dumps(self.body).encode() if self.raw is None else self.raw


Say = Callable[[Call], Answer | None]


@dataclass
class Api:
    """The server: faults come first, one for each request, then what the API says."""

    port: int
    say: Say = lambda _: None
    calls: list[Call] = field(default_factory=list)
    faults: list[Say] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address."""
        return f"http://127.0.0.1:{self.port}"

    def answer(self, call: Call) -> Answer:
        """Return what is answered to a request."""
        self.calls.append(call)
        if self.faults and (found := self.faults.pop(0)(call)) is not None:
            return found
        return self.say(call) or Answer({"error": f"no {call.path}"}, NOT_FOUND)

    def after(self, good: int, *faults: Say | Answer) -> None:
        """Let so many requests pass, then say each fault once."""
        self.faults = [lambda _: None] * good
        for fault in faults:
            self.faults.append(fault if callable(fault) else lambda _, said=fault: said)


@contextmanager
def started_api() -> Iterator[Api]:
    """Start a server on a free port; it ends with the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body go out together: else each answer waits for an acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def _do(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length).decode()
            is_json = "json" in self.headers.get("Content-Type", "")
            form = {key: values[0] for key, values in parse_qs(text).items()}
            query = {k: v[0] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
            headers = {key.lower(): value for key, value in self.headers.items()}
            body = json.loads(text) if is_json and text else form
            answer = api.answer(Call(self.command, parts.path, query, headers, body))
            content = answer.content
            self.send_response(answer.status)
            for key, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content if answer.cut is None else content[: answer.cut])
            if answer.cut is not None:
                self.close_connection = True

        do_GET = do_POST = _do  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    api = Api(server.server_address[1])
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
