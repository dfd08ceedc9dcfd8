"""Ways out of Airflow: its mail connection as a channel, and the notice of a failed task."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import quote

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

if TYPE_CHECKING:
    from airflow.sdk import Connection, Context

    from keyaccounts.alerts.channels import Channel
    from keyaccounts.settings import Run

SMTP_CONNECTION = "keyaccounts_smtp"

log = logging.getLogger(__name__)


def mail_channels() -> list[Channel] | None:
    """Return the mail server of the connection `keyaccounts_smtp`; None: that of the settings."""
    from keyaccounts.alerts.channels import SmtpChannel

    try:
        return [SmtpChannel(smtp_url(BaseHook.get_connection(SMTP_CONNECTION)))]
    except AirflowNotFoundException:
        return None


def smtp_url(connection: Connection) -> str:
    """Return a connection of type smtp as address; its extras are those of Airflow's own hook."""
    extra = connection.extra_dejson
    plain = "smtp" if extra.get("disable_tls") else "smtp+starttls"
    scheme = plain if extra.get("disable_ssl") else "smtps"
    user = quote(connection.login or "", safe="")
    login = f"{user}:{quote(connection.password or '', safe='')}@" if user else ""
    port = f":{connection.port}" if connection.port else ""
    return f"{scheme}://{login}{connection.host}{port}"


def tell_failure(context: Context) -> None:
    """Tell the data engineers which task failed, why, and where its log is; never raises."""
    from keyaccounts.alerts.notify import tell_data_engineers
    from keyaccounts.settings import load_settings

    try:
        settings = load_settings(source=None)
        subject, lines = failure_notice(context)
        run = _run(context, settings.timezone)
        tell_data_engineers(settings, run, subject, lines, mail_channels(), log.info)
    except Exception:
        log.exception("the notice to the data engineers failed")


def failure_notice(context: Context) -> tuple[str, list[str]]:
    """Return subject and lines: task, message, log link."""
    ti = context["ti"]
    task = ti.task_id if ti.map_index in (None, -1) else f"{ti.task_id}[{ti.map_index}]"
    return f"{ti.dag_id}: {task} failed", [
        f"Task: {task} of {ti.dag_id}, run {ti.run_id}, try {ti.try_number}",
        f"Message: {context.get('exception') or 'the process ended without one'}",
        f"Log: {ti.log_url}",
        "What is published stays as it was.",
    ]


def _run(context: Context, timezone: str) -> Run:
    """Return the run that the tasks share; a wrong parameter must not silence the notice."""
    from keyaccounts_runs import as_run, run_facts

    found = context["ti"].xcom_pull(task_ids="resolve_run")
    return as_run(found or run_facts({**context, "params": {}}, timezone), timezone)
