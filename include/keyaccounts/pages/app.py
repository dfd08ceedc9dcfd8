"""The pages as one FastAPI application; who may see what is decided by who mounts it.

Every answer needs a visitor. A form carries a token that was made for this visitor and is refused
from another site, so nobody can make somebody else's browser answer an alert.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import HTTPException as Refusal
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from keyaccounts.alerts.errors import ActionRefusedError
from keyaccounts.alerts.inbox import read_inbox
from keyaccounts.errors import ConfigurationError, KeyaccountsError, TellableError
from keyaccounts.pages import facts
from keyaccounts.pages.answers import FIELDS, give_answer, said_in
from keyaccounts.pages.layout import page
from keyaccounts.pages.visitors import RefusedError, Visitor, check_form, form_token, may_read
from keyaccounts.settings import Settings
from keyaccounts.texts import Texts, texts_in
from keyaccounts.warehouse.docs import PAGE, docs_folder

OURS = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
THEIRS = "sandbox allow-scripts allow-popups"
"""Pages that are files (plots, expectations) get an origin of their own: no cookie, no forms."""

router = APIRouter()


def create_app(
    settings_of: Callable[[], Settings],
    visitor_of: Callable[[Request], Awaitable[Visitor]],
    login_url: Callable[[Request], str],
    clock: Callable[[], datetime],
) -> FastAPI:
    """Return the pages. `visitor_of` raises HTTPException 401 for nobody, 403 for the wrong one.

    Settings are read anew for each request; `clock` gives the time zone aware instant of now.
    """
    app = FastAPI(title="Key accounts", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.settings_of, app.state.clock = settings_of, clock
    app.state.visitor_of, app.state.login_url = visitor_of, login_url
    app.include_router(router)
    app.add_exception_handler(KeyaccountsError, _failed)
    app.add_exception_handler(Refusal, _refused)
    return app


async def _visitor(request: Request) -> Visitor:
    found: Visitor = await request.app.state.visitor_of(request)
    request.state.visitor = found
    return found


async def _form(request: Request, visitor: Annotated[Visitor, Depends(_visitor)]) -> FormData:
    form = await request.form()
    check_form(_settings(request), request, visitor, str(form.get("token", "")))
    return form


Who = Annotated[Visitor, Depends(_visitor)]
Form = Annotated[FormData, Depends(_form)]


@router.get("/")
def overview(request: Request, visitor: Who) -> Response:
    """Show what is published, the last run, checks and what is held back."""
    return _shown(
        request,
        "overview",
        facts.overview(_settings(request), _now(request), visitor.sees_confidential),
    )


@router.get("/alerts")
def inbox(request: Request, visitor: Who) -> Response:
    """Show the alerts that wait, or those that the query asks for."""
    return _shown(request, "inbox", _inbox(request, visitor, dict(request.query_params)))


@router.get("/alerts/{alert_id}")
def alert(request: Request, visitor: Who, alert_id: str, key: str = "") -> Response:
    """Show one alert as its message said it, and what happened to it."""
    return _shown(request, "alert", _alert(request, visitor, alert_id, key))


@router.post("/alerts")
def answer_some(request: Request, visitor: Who, form: Form) -> Response:
    """Give one answer to the alerts that are ticked."""
    chosen = [str(one) for one in form.getlist("alert")]
    _refuse_hidden(request, visitor, chosen)
    query = facts.query_of(str(form.get("back", "")))
    try:
        done = give_answer(
            _settings(request), chosen, form, visitor.name, _now(request), _texts(request)
        )
    except ActionRefusedError as error:
        told = _inbox(request, visitor, query)
        refusal = error.told(_texts(request))
        told |= {"refusal": refusal, "said": said_in(form), "chosen": chosen}
        return _shown(request, "inbox", told, 400)
    return _to(request, "/alerts", {**query, "done": done})


@router.post("/alerts/{alert_id}")
def answer_one(request: Request, visitor: Who, form: Form, alert_id: str) -> Response:
    """Answer one alert, or keep its account quiet."""
    key = str(form.get("key", ""))
    told = _alert(request, visitor, alert_id, key)
    try:
        done = give_answer(
            _settings(request), [alert_id], form, visitor.name, _now(request), _texts(request)
        )
    except ActionRefusedError as error:
        told |= {"refusal": error.told(_texts(request)), "said": said_in(form)}
        return _shown(request, "alert", told, 400)
    return _to(request, f"/alerts/{alert_id}", {"key": key, "done": done})


@router.get("/accounts/{account_id}")
def account(request: Request, visitor: Who, account_id: str) -> Response:
    """Show what `keyaccounts explain` says of an account."""
    return _shown(
        request, "account", facts.account(_settings(request), account_id, _texts(request))
    )


@router.get("/report")
def report(request: Request, visitor: Who) -> Response:
    """Give the report of the publication."""
    return _file(_settings(request).published / "current", "report.html")


@router.get("/data-docs/{name:path}")
def data_docs(request: Request, visitor: Who, name: str) -> Response:
    """Give a page of what Great Expectations found."""
    return _file(_settings(request).home / "reports" / "data_docs", name or "index.html")


@router.get("/dbt-docs")
def dbt_docs(request: Request, visitor: Who) -> Response:
    """Give what dbt documents, which `keyaccounts docs` writes."""
    return _file(docs_folder(_settings(request)), PAGE)


def _inbox(request: Request, visitor: Visitor, query: dict[str, str]) -> dict[str, Any]:
    return facts.inbox(
        _settings(request), _now(request), query, visitor.sees_confidential, _texts(request)
    )


def _alert(request: Request, visitor: Visitor, alert_id: str, key: str) -> dict[str, Any]:
    settings = _settings(request)
    told = facts.alert(settings, _now(request), alert_id, _texts(request))
    if not may_read(settings, visitor, told["item"], key):
        raise RefusedError(403, "refusal.hidden")
    return {**told, "key": key}


def _refuse_hidden(request: Request, visitor: Visitor, chosen: list[str]) -> None:
    """Raise RefusedError 403 when a visitor may not read one of the alerts."""
    settings = _settings(request)
    known = read_inbox(settings, _now(request)) if chosen else None
    for alert_id in chosen:
        if known and not may_read(settings, visitor, known.find(alert_id), ""):
            raise RefusedError(403, "refusal.hidden")


def _settings(request: Request) -> Settings:
    found: Settings = request.app.state.settings_of()
    return found


def _texts(request: Request) -> Texts:
    return texts_in(_settings(request).language)


def _now(request: Request) -> datetime:
    found: datetime = request.app.state.clock()
    return found


def _shown(request: Request, name: str, told: dict[str, Any], status: int = 200) -> Response:
    settings, visitor = _settings(request), getattr(request.state, "visitor", None)
    told = {
        "root": request.scope["root_path"], "visitor": visitor, "timezone": settings.timezone,
        "home": settings.home.name, "done": request.query_params.get("done", ""),
        "token": form_token(settings, visitor) if visitor and visitor.may_answer else "",
        "said": dict.fromkeys(FIELDS, ""), "chosen": (), "refusal": "", **told,
    }  # fmt: skip
    headers = {
        "Content-Security-Policy": OURS, "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff",
    }  # fmt: skip
    return HTMLResponse(page(name, told, texts_in(settings.language)), status, headers)


def _to(request: Request, path: str, query: dict[str, str]) -> Response:
    """Send the browser on, so that reloading the page answers nothing twice."""
    return RedirectResponse(f"{request.scope['root_path']}{path}?{facts.as_query(query)}", 303)


def _file(folder: Path, name: str) -> Response:
    """Return a file below a folder, or 404; nothing outside the folder is ever given."""
    file = (folder / name).resolve()
    if not file.is_relative_to(folder.resolve()) or not file.is_file():
        raise RefusedError(404, "refusal.no_file", name=name)
    return FileResponse(
        file, headers={"Content-Security-Policy": THEIRS, "Cache-Control": "no-store"}
    )


def _failed(request: Request, error: Exception) -> Response:
    is_theirs = isinstance(error, TellableError | ConfigurationError)
    message = str(error)
    if is_told := isinstance(error, TellableError):
        message = error.told(_texts(request))
    told = {"message": message, "is_told": is_told}
    return _shown(request, "error", told, 404 if is_theirs else 500)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    if error.status_code == 401 and request.method == "GET":
        return RedirectResponse(request.app.state.login_url(request), 303)
    if error.status_code == 401:
        return Response(_texts(request)("refusal.log_in"), 401)
    message = str(error.detail)
    if is_told := isinstance(error, RefusedError):
        message = error.told(_texts(request))
    told = {"message": message, "is_told": is_told}
    return _shown(request, "error", told, error.status_code)
