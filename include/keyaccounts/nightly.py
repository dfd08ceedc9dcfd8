"""The six steps in order.

Each step is a plain function of settings and run; the command line and the DAGs call these and
nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from keyaccounts.errors import ConfigurationError, KeyaccountsError
from keyaccounts.extraction import NOTHING_TOLD, Told, extract, extract_all, planned_entities
from keyaccounts.landing.resolve import resolve
from keyaccounts.publishing import publish as publish_marts
from keyaccounts.publishing.publish import current_version, read_manifest
from keyaccounts.runs import (
    Log,
    parse_date,
    run_facts,
    run_lock,
    run_summary,
    step,
    write_run_manifest,
)
from keyaccounts.settings import Run, Settings
from keyaccounts.storage import push_published
from keyaccounts.warehouse import build as build_warehouse
from keyaccounts.warehouse import mark_audited

if TYPE_CHECKING:
    from keyaccounts.alerts.channels import Channel

__all__ = [
    "STEPS",
    "Log",
    "Told",
    "build",
    "check_landing",
    "check_marts",
    "extract",
    "extract_all",
    "nightly",
    "notify",
    "parse_date",
    "planned_entities",
    "publish",
    "retry_quarantine",
    "run_facts",
    "run_lock",
    "run_summary",
    "write_run_manifest",
]

STEPS = ("extract", "check-landing", "build", "check-marts", "publish", "notify")


def check_landing(settings: Settings, run: Run, log: Log = print) -> dict[str, Any]:
    """Judge the landed rows against each other and the new loads against their past."""
    from keyaccounts.landing.quarantine import remember
    from keyaccounts.quality import check_landing as check

    with step(settings, run, "check-landing", log):
        resolution = resolve(settings)
        for name, state in resolution.entities.items():
            if state.rejected or state.followers or state.nulled:
                log(
                    f"  {name}: {state.rejected} rows held back, {state.followers} with their "
                    f"document, made null {state.nulled or 0}"
                )
                for example in state.examples:
                    log(f"    {example}")
        held = remember(settings, run)
        if held:
            log(
                f"  {sum(r.rows for r in held)} rows are held back now: keyaccounts quarantine list"
            )
        checks = check(settings, run, log)
    return {
        "landing": resolution.fingerprint,
        "entities": {name: asdict(state) for name, state in resolution.entities.items()},
        "checks": checks,
    }


def retry_quarantine(
    settings: Settings, run: Run, entity: str | None = None, log: Log = print
) -> dict[str, Any]:
    """Check the rows that are held back again; what is good now is in the next build."""
    from keyaccounts.landing.retry import retry

    with step(settings, run, "quarantine retry", log):
        return retry(settings, run, entity, log)


def build(settings: Settings, run: Run, log: Log = print) -> dict[str, Any]:
    """Build the warehouse with dbt and run the data tests."""
    _refuse_another_currency(settings)
    with step(settings, run, "build", log):
        result = build_warehouse(settings, run, resolve(settings), log)
    return {
        "is_retry": result.is_retry,
        "models": [asdict(node) for node in result.models],
        "tests": {"passed": sum(node.status == "pass" for node in result.tests)},
    }


def _refuse_another_currency(settings: Settings) -> None:
    """A forgotten option must not put another currency's name on the same amounts."""
    version = current_version(settings)
    if version is None:
        return
    manifest = read_manifest(version)
    for name in ("base_currency", "timezone"):
        if manifest[name] != getattr(settings, name):
            raise ConfigurationError(
                f"{name} is {getattr(settings, name)}, but this home publishes {manifest[name]}: "
                f"give it again, or write it once into {settings.home.name}/keyaccounts.toml; "
                "another one needs a home of its own"
            )


def check_marts(settings: Settings, run: Run, log: Log = print) -> dict[str, Any]:
    """Audit the built marts before anybody sees them."""
    from keyaccounts.quality import check_marts as check
    from keyaccounts.quality.counts import check_counts

    with step(settings, run, "check-marts", log):
        counts = check_counts(settings, run, resolve(settings), log)
        checks = check(settings, run, log)
        mark_audited(settings)
    return {"checks": checks, "counts": counts}


def publish(settings: Settings, run: Run, log: Log = print) -> dict[str, Any]:
    """Publish a version and move the pointer, then in object storage and Postgres, if given."""
    # The plots take two seconds to import: only who publishes waits for them.
    from keyaccounts.publishing.postgres import copy_to_postgres
    from keyaccounts.reports.report import write_report

    with step(settings, run, "publish", log):
        published = publish_marts(settings, run, log)
        log(f"report: {write_report(settings)}")
        push_published(settings, published.folder, log)
        copy_to_postgres(settings, published.folder, log)
    return {"version": published.version, "rows": published.rows}


def notify(
    settings: Settings,
    run: Run,
    *,
    send: bool = True,
    release_holds: bool = False,
    channels: Sequence[Channel] | None = None,
    log: Log = print,
) -> dict[str, Any]:
    """Decide what to tell whom about the current publication, and tell it."""
    from keyaccounts.alerts.notify import notify as tell

    with step(settings, run, "notify", log):
        return dict(
            tell(settings, run, send=send, release_holds=release_holds, channels=channels, log=log)
        )


def nightly(
    settings: Settings,
    run: Run,
    *,
    send: bool = True,
    log: Log = print,
    told: Told = NOTHING_TOLD,
) -> dict[str, Any]:
    """Run all six steps and write the run manifest.

    Returns a summary with one entry per step. A failing step stops the run; the summary so far is
    in the run manifest, and the error is raised.
    """
    summary: dict[str, Any] = {"as_of_date": run.as_of_date.isoformat(), "status": "running"}
    started = time.monotonic()
    with run_lock(settings, run, "nightly"):
        try:
            summary["extract"] = extract_all(settings, run, log=log, told=told)
            summary["check_landing"] = check_landing(settings, run, log)
            summary["build"] = build(settings, run, log)
            summary["check_marts"] = check_marts(settings, run, log)
            summary["publish"] = publish(settings, run, log)
            summary["notify"] = notify(settings, run, send=send, log=log)
            summary["status"] = "done"
        except KeyaccountsError as error:
            summary.update(status="failed", error=str(error), exit_code=error.exit_code)
            raise
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            summary.update(status="failed", error=text, exit_code=KeyaccountsError.exit_code)
            raise
        finally:
            summary["seconds"] = round(time.monotonic() - started, 1)
            write_run_manifest(settings, run, summary)
    return summary
