"""What the pages show, as plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from keyaccounts.alerts.actions import MAX_SNOOZE
from keyaccounts.alerts.inbox import CLOSED, WAITING, Item, history, read_inbox
from keyaccounts.alerts.model import SEVERITIES
from keyaccounts.alerts.posting import local_date
from keyaccounts.landing.quarantine import reasons
from keyaccounts.nightly import STEPS, run_facts
from keyaccounts.publishing.publish import current_version, read_manifest
from keyaccounts.reports.explain import explain, explain_lines
from keyaccounts.reports.inbox import status_text, told_text
from keyaccounts.settings import Settings, business_date
from keyaccounts.texts import ENGLISH, Texts
from keyaccounts.warehouse.docs import PAGE, docs_folder

PER_PAGE = 50
SHOWN_RUNS = 7
OF_A_RUN = ("as_of_date", "status", "seconds", "failed_tasks", "error", "airflow_run")
FILTERS = ("status", "owner", "severity", "type", "q", "page")


def overview(settings: Settings, now: datetime, sees_confidential: bool) -> dict[str, Any]:
    """Return the publication, the runs, the steps of the last one, checks, rows held back."""
    version = current_version(settings)
    manifest = read_manifest(version) if version else None
    runs = [{**dict.fromkeys(OF_A_RUN), **run} for run in run_facts(settings)[:SHOWN_RUNS]]
    last = runs[0] if runs else {}
    behind = 0
    if manifest:
        behind = (
            business_date(now, settings.timezone) - date.fromisoformat(manifest["as_of_date"])
        ).days
    waiting = [
        item
        for item in read_inbox(settings, now).items
        if item.status in WAITING and (sees_confidential or not item.is_confidential)
    ]
    return {
        "manifest": manifest,
        "rows": sum(mart["rows"] for mart in manifest["marts"].values()) if manifest else 0,
        "behind": behind,
        "runs": runs,
        "last": last,
        "steps": _steps(last),
        "loads": last.get("extract") or [],
        "models": sorted(
            (last.get("build") or {}).get("models", ()), key=lambda model: -model["seconds"]
        ),
        "checks": _checks(last),
        "held": reasons(settings),
        "waiting": Counter(item.entry.severity for item in waiting),
        "severities": SEVERITIES,
        "has_data_docs": (settings.home / "reports" / "data_docs" / "index.html").is_file(),
        "has_dbt_docs": (docs_folder(settings) / PAGE).is_file(),
        "has_report": bool(version and (version / "report.html").is_file()),
    }


def _steps(run: dict[str, Any]) -> list[tuple[str, str]]:
    """Return each step with what became of it: done, failed, or not reached."""
    failed = {name.replace("_", "-") for name in run.get("failed_tasks") or ()}
    steps: list[tuple[str, str]] = []
    for step in STEPS:
        is_done = run.get(step.replace("-", "_")) is not None
        state = "failed" if step in failed else "done" if is_done else "not reached"
        if state == "not reached" and run.get("error") and not any(s == "failed" for _, s in steps):
            state = "failed"
        steps.append((step, state))
    return steps


def _checks(run: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the expectations at both borders, those that failed first."""
    found = [
        {**result, "suite": (run[step] or {})["checks"]["suite"], "detail": _detail(result)}
        for step in ("check_landing", "check_marts")
        if (run.get(step) or {}).get("checks")
        for result in run[step]["checks"]["results"]
    ]
    return sorted(found, key=lambda result: (result["success"], not result["blocks"]))


def _detail(result: dict[str, Any]) -> str:
    """Return what a failed expectation says beside its claim; it says it in English."""
    if result["success"]:
        return ""
    claim = ENGLISH.word("check", result["expectation"], fallback="")
    return str(result["message"]).removeprefix(f"{claim}: ")


def inbox(
    settings: Settings,
    now: datetime,
    query: dict[str, str],
    sees_confidential: bool,
    texts: Texts,
) -> dict[str, Any]:
    """Return a page of the alerts that a query asks for, and what it may ask for."""
    found = read_inbox(settings, now, texts)
    known = [item for item in found.items if sees_confidential or not item.is_confidential]
    items = [item for item in known if _matches(item, query)]
    number = max(1, int(query["page"]) if query.get("page", "").isdecimal() else 1)
    pages = max(1, -(-len(items) // PER_PAGE))
    number = min(number, pages)
    kept = {key: query[key] for key in FILTERS if query.get(key) and key != "page"}
    return {
        "items": [(item, status_text(item, texts)) for item in _slice(items, number)],
        "found": len(items),
        "number": number,
        "pages": pages,
        "query": {key: query.get(key, "") for key in FILTERS},
        "back": as_query({**kept, "page": str(number)} if number > 1 else kept),
        "links": {
            step: as_query({**kept, "page": str(number + step)})
            for step in (-1, 1)
            if 1 <= number + step <= pages
        },
        "as_of_date": found.as_of_date,
        "owners": sorted({(i.owner_name, i.owner_user_id) for i in known if i.owner_user_id}),
        "types": sorted({item.entry.alert_type for item in known}),
        "severities": SEVERITIES,
        "statuses": (*WAITING, *CLOSED),
        "counts": Counter(item.status for item in known),
        **_days(settings, now),
    }


def _days(settings: Settings, now: datetime) -> dict[str, date]:
    """Return the first and the last day up to which an alert can be snoozed now."""
    today = local_date(now, settings)
    return {"first_day": today, "last_day": today + MAX_SNOOZE}


def _slice(items: list[Item], number: int) -> list[Item]:
    return items[(number - 1) * PER_PAGE : number * PER_PAGE]


def _matches(item: Item, query: dict[str, str]) -> bool:
    status, text = query.get("status") or "waiting", (query.get("q") or "").casefold()
    is_status = status == "all" or (
        item.status in WAITING if status == "waiting" else item.status == status
    )
    said = f"{item.title} {item.unit} {item.account_name} {item.alert_id}".casefold()
    return (
        is_status
        and query.get("owner", "") in ("", item.owner_user_id, item.entry.recipient)
        and query.get("severity", "") in ("", item.entry.severity)
        and query.get("type", "") in ("", item.entry.alert_type)
        and text in said
    )


def alert(settings: Settings, now: datetime, alert_id: str, texts: Texts) -> dict[str, Any]:
    """Return one alert and its history; raises ActionRefusedError when there is none of the id."""
    found = read_inbox(settings, now, texts)
    item = found.find(alert_id)
    return {
        "item": item,
        "status": status_text(item, texts),
        "newer": found.find(item.newer_id) if item.newer_id else None,
        "is_open": item.status in WAITING,
        "as_of_date": found.as_of_date,
        "told": [
            (at, told_text(what, who, why, texts))
            for at, what, who, why in history(settings, item, texts)
        ],
        **_days(settings, now),
    }


def account(settings: Settings, account_id: str, texts: Texts) -> dict[str, Any]:
    """Return what is said of an account; raises NotPublishedError when it is not published."""
    told = explain(settings, account_id)
    return {
        "name": told["account"]["account_name"],
        "account_id": account_id,
        "lines": explain_lines(told, with_history=True, texts=texts),
    }


def query_of(text: str) -> dict[str, str]:
    """Return the filters that a query holds; whatever else it holds is left out."""
    return {key: value for key, value in parse_qsl(text) if key in FILTERS}


def as_query(values: dict[str, str] | Iterable[tuple[str, str]]) -> str:
    """Return a query string without what is empty."""
    pairs = values.items() if isinstance(values, dict) else values
    return urlencode([(key, value) for key, value in pairs if value])
