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
    from keyaccounts.texts import Texts

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
    from keyaccounts.texts import texts_in

    try:
        settings = load_settings(source=None)
        subject, lines = failure_notice(context, texts_in(settings.language))
        run = _run(context, settings.timezone)
        tell_data_engineers(settings, run, subject, lines, mail_channels(), log.info)
    except Exception:
        log.exception("the notice to the data engineers failed")


def failure_notice(context: Context, texts: Texts) -> tuple[str, list[str]]:
    """Return subject and lines: task, message, log link."""
    ti = context["ti"]
    task = ti.task_id if ti.map_index in (None, -1) else f"{ti.task_id}[{ti.map_index}]"
    message = context.get("exception") or texts("notice.no_message")
    return texts("notice.failed", dag=ti.dag_id, task=task), [
        texts("notice.task", task=task, dag=ti.dag_id, run=ti.run_id, number=ti.try_number),
        texts("notice.message", message=message),
        texts("notice.log", log=ti.log_url),
        texts("notice.stays"),
    ]


def _run(context: Context, timezone: str) -> Run:
    """Return the run that the tasks share; a wrong parameter must not silence the notice."""
    from keyaccounts_runs import as_run, run_facts

    found = context["ti"].xcom_pull(task_ids="resolve_run")
    return as_run(found or run_facts({**context, "params": {}}, timezone), timezone)
