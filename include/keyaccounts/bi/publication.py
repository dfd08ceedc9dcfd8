"""Which version of the publication a request of Superset reads: one, from first query to last.

A page of the browser names the version that it was opened with (`tail_js_custom_extra.html`), so
its charts agree with each other even when another version is published while they load. The
answer names the version that is current by then, and the page opens itself again. A request that
names none reads the current version.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, has_request_context, request, session
from flask_caching.backends.filesystemcache import FileSystemCache

from keyaccounts.bi.locked import OpenFiles, connect_arguments
from keyaccounts.bi.plain import without_links

VERSION_HEADER = "X-Keyaccounts-Version"
CURRENT_HEADER = "X-Keyaccounts-Current"
CURRENT = "current"
FOLDER_KEY = "KEYACCOUNTS_PUBLISHED"
PINNED = "keyaccounts.version"
PAGE_LOG = "Superset.log"
VERSION = re.compile(r"\d{6,}_\d{4}-\d{2}-\d{2}")


class NotPublishedError(RuntimeError):
    """A connection asks for a DuckDB file that is no part of the publication."""


def current_version(published: Path) -> str:
    """Return the name of the version that `current` names."""
    return (published / CURRENT).resolve().name


def pinned_version(published: Path) -> str:
    """Return the version of this request: what it names if it is still there, else the current."""
    if not has_request_context():
        return current_version(published)
    if PINNED not in request.environ:
        named = request.headers.get(VERSION_HEADER, "")
        is_there = VERSION.fullmatch(named) and (published / named).is_dir()
        request.environ[PINNED] = named if is_there else current_version(published)
    return str(request.environ[PINNED])


def connection_mutator(published: Path) -> Callable[..., tuple[Any, dict[str, Any]]]:
    """Return Superset's DB_CONNECTION_MUTATOR: `current` becomes a version, DuckDB is locked down.

    DuckDB shares one open file per path and process, so a link could go on to name an old file.
    """
    kept = OpenFiles()

    def mutate(
        uri: Any, params: dict[str, Any], username: str | None, security_manager: Any, source: Any
    ) -> tuple[Any, dict[str, Any]]:
        if uri.get_backend_name() != "duckdb":
            return uri, params
        current = published / CURRENT
        asked = Path(uri.database or "")
        if not asked.is_relative_to(current) or ".." in asked.parts:
            raise NotPublishedError(f"{asked} is no file of the publication {current}")
        file = published / pinned_version(published) / asked.relative_to(current)
        address = uri.set(database=str(file), query={})
        kept.keep(address, file)
        return address, {**params, "connect_args": connect_arguments()}

    return mutate


class VersionedCache(FileSystemCache):  # type: ignore[misc]
    """Answers of queries on disk, for all workers; each version has its own."""

    def _get_filename(self, key: str) -> str:
        if key != self._fs_count_file:
            key = f"{pinned_version(current_app.config[FOLDER_KEY])}:{key}"
        return str(super()._get_filename(key))


def prepare_app(published: Path, templates: Path) -> Callable[[Flask], None]:
    """Return Superset's FLASK_APP_MUTATOR: page script, versions in each answer, kept sign-ins."""

    def mutate(app: Flask) -> None:
        import jinja2

        loaders = [jinja2.FileSystemLoader(templates), app.jinja_loader]
        app.jinja_loader = jinja2.ChoiceLoader([each for each in loaders if each])
        app.config[FOLDER_KEY] = published
        app.jinja_env.globals["keyaccounts_version"] = lambda: pinned_version(published)

        @app.before_request
        def leave_the_session() -> Response | None:
            # The sign-in page reports what it did a second after it is drawn, and Superset answers
            # with a cookie of nobody. Where that comes after the answer to the password, who has
            # signed in is nobody again. `current_user` would write into the session as well.
            is_nobody = request.endpoint == PAGE_LOG and "_user_id" not in session
            return Response(status=204) if is_nobody else None

        @app.after_request
        def name_versions(response: Response) -> Response:
            if response.mimetype == "text/csv" and not response.is_streamed:
                response.set_data(without_links(response.get_data(as_text=True)))
            response.headers[VERSION_HEADER] = pinned_version(published)
            response.headers[CURRENT_HEADER] = current_version(published)
            return response

    return mutate
