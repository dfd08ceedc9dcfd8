"""The page "Key accounts" in Airflow's menu: publication, runs, checks, and the alert inbox.

Who may read the DAG `key_accounts_alerts` may read the page, who may start it may answer alerts:
Airflow's own login and roles decide, whichever auth manager is in use.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from airflow.plugins_manager import AirflowPlugin

from keyaccounts.alerts.links import PREFIX
from keyaccounts.settings import load_settings

if TYPE_CHECKING:
    from fastapi import FastAPI, Request
    from starlette.types import Receive, Scope, Send

    from keyaccounts.pages.visitors import Visitor

DAG = "key_accounts_alerts"


async def visitor_of(request: Request) -> Visitor:
    """Return who is logged in; raises HTTPException 401 or 403."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import (
        DagAccessEntity,
        DagDetails,
    )
    from airflow.api_fastapi.core_api.security import bearer_scheme, get_user
    from starlette.concurrency import run_in_threadpool

    from keyaccounts.pages.visitors import RefusedError, Visitor

    user = await get_user(request, None, await bearer_scheme(request))
    manager, dag = get_auth_manager(), DagDetails(id=DAG)

    def allowed(method: str, entity: DagAccessEntity | None = None) -> bool:
        return manager.is_authorized_dag(
            method=method, access_entity=entity, details=dag, user=user
        )

    if not await run_in_threadpool(allowed, "GET"):
        raise RefusedError(403, "refusal.may_not_read", dag=DAG)
    name = user.get_name()
    confidential = {one.strip() for one in load_settings().confidential_users.split(",")}
    return Visitor(
        name=name,
        may_answer=await run_in_threadpool(allowed, "POST", DagAccessEntity.RUN),
        sees_confidential=name in confidential,
    )


def login_url(request: Request) -> str:
    """Return Airflow's page for logging in, which leads back to what was asked for."""
    from airflow.api_fastapi.app import get_auth_manager

    own, asked = load_settings().airflow_url, str(request.url)
    # Behind a proxy the address that people know may have another host, and a path before ours.
    here = own.rstrip("/") + PREFIX + asked.partition(PREFIX)[2] if own else asked
    return str(get_auth_manager().get_url_login(next_url=here))


class Pages:
    """The pages, made when somebody asks: every task loads plugins and none of them needs these."""

    def __init__(self) -> None:
        """Make nothing yet."""
        self._app: FastAPI | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it."""
        if self._app is None:
            from keyaccounts.pages.app import create_app

            self._app = create_app(load_settings, visitor_of, login_url, lambda: datetime.now(UTC))
        await self._app(scope, receive, send)


class KeyaccountsPagePlugin(AirflowPlugin):
    """Mounts the pages in the web server, and puts them into the menu."""

    name = "keyaccounts_page"
    fastapi_apps: ClassVar = [{"app": Pages(), "url_prefix": PREFIX, "name": "Key accounts"}]
    external_views: ClassVar = [
        {"name": "Key accounts", "href": f"{PREFIX}/", "destination": "nav", "category": "browse"}
    ]
