"""The S3 API of moto behind HTTP on loopback, with a look at every request and a brake."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from pyarrow.fs import FileSelector, FileSystem
from werkzeug.exceptions import Forbidden
from werkzeug.serving import make_server

KEY_ID, SECRET = "AKIAKEYACCOUNTSTESTS", "sEcReT/of+the+tests/nowhere+to+be+seen00"
WRITES = ("PUT", "POST", "DELETE")


@dataclass
class Bucket:
    """One bucket of the server; `requests` are what came since `forget`, as `PUT path?query`."""

    host: str
    name: str
    requests: list[str] = field(default_factory=list)
    refuses: Callable[[str], bool] = lambda request: False
    """Requests that are answered with 403."""
    holds: Callable[[str], bool] = lambda request: False
    """Requests that wait until `released`."""
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """What the setting `storage_url` names."""
        options = f"endpoint_override={quote(self.host)}&scheme=http&region=us-east-1"
        return f"s3://{self.name}/key/accounts?{options}"

    @property
    def writes(self) -> list[str]:
        """The requests that change something."""
        return [request for request in self.requests if request.startswith(WRITES)]

    def content(self) -> dict[str, bytes]:
        """Return all objects by their path below the prefix."""
        asked = list(self.requests)
        files, base = FileSystem.from_uri(self.url)
        found = files.get_file_info(FileSelector(base, recursive=True, allow_not_found=True))
        objects = {
            info.path.removeprefix(f"{base}/"): files.open_input_stream(info.path).read()
            for info in found
            if info.is_file
        }
        self.requests[:] = asked
        return objects

    def see(self, request: str) -> None:
        """Note a request; refuse it or hold it where the test said so."""
        self.requests.append(request)
        if self.refuses(request):
            raise Forbidden
        if self.holds(request):
            self.reached.set()
            self.released.wait(60)


@contextmanager
def serve(buckets: dict[str, Bucket]) -> Iterator[str]:
    """Yield `host:port` of a server that lets the buckets see their requests."""
    moto = DomainDispatcherApplication(create_backend_app)

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        name = Path(environ["PATH_INFO"]).parts[1]
        query = environ.get("QUERY_STRING", "")
        try:
            if name in buckets:
                request = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{query}"
                buckets[name].see(request.removesuffix("?"))
        except Forbidden as refusal:
            return refusal(environ, start_response)
        return moto(environ, start_response)

    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
