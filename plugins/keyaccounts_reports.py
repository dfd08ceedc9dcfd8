"""The report of a nightly run: what its tasks returned, on one page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from keyaccounts_runs import extract_tasks

if TYPE_CHECKING:
    from airflow.sdk import Context

BAD_STATES = {"failed", "upstream_failed"}
SLOWEST = 3


def run_report(context: Context, steps: Sequence[str]) -> dict[str, Any]:
    """Return the run manifest: the results of the steps, the status and the failed tasks."""
    ti, dag_run = context["ti"], context["dag_run"]
    results = {step: ti.xcom_pull(task_ids=step) for step in steps}
    results["extract"] = results_of(ti, extract_tasks())
    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id, {})
    failed = sorted(name for name, state in states.items() if state in BAD_STATES)
    took = datetime.now(UTC) - (dag_run.start_date or datetime.now(UTC))
    return {
        "as_of_date": ti.xcom_pull(task_ids="resolve_run")["as_of_date"],
        "status": "failed" if failed else "done",
        "airflow_run": {"dag_id": ti.dag_id, "run_id": ti.run_id},
        "failed_tasks": failed,
        **results,
        "seconds": round(took.total_seconds(), 1),
    }


def results_of(ti: Any, tasks: Iterable[str]) -> list[dict[str, Any]]:
    """Return what the instances of mapped tasks returned; those that did not end give nothing."""
    # Of one task alone Airflow gives no list when a single instance of it returned something.
    return [result for result in ti.xcom_pull(task_ids=list(tasks)) if result]


def report_lines(summary: dict[str, Any]) -> list[str]:
    """Return the report as text lines."""
    loads = summary["extract"] or []
    models = (summary["build"] or {}).get("models", [])
    slow = sorted(models, key=lambda model: -model["seconds"])[:SLOWEST]
    published = summary["publish"] or {"version": "nothing new", "rows": {}}
    lines = [
        f"Run as of {summary['as_of_date']}: {summary['status']} after {summary['seconds']} s",
        f"  landed     {len(loads)} entities, {sum(x['rows'] for x in loads)} rows, "
        f"{sum(x['quarantined'] for x in loads)} held back",
        f"  built      {len(models)} models; slowest "
        + (", ".join(f"{m['name']} {m['seconds']:.1f} s" for m in slow) or "none"),
        f"  published  {published['version']}: {len(published['rows'])} marts, "
        f"{sum(published['rows'].values())} rows",
    ]
    return lines + [f"  failed     {name}" for name in summary["failed_tasks"]]
