"""## Alerts of key accounts

Decides what to tell whom about the current publication, and tells it once.

**When.** `key_accounts_nightly` published. The asset event carries the day, the time of messages
and whether to notify; a backfill does not. What may not go out at night waits for
`key_accounts_delivery`.

**By hand.** A manual run tells what the current publication has not told yet; a rerun sends nothing
twice. With `release_holds` it sends what a circuit breaker held: read the notice first.

**Mail** goes through the Airflow connection `keyaccounts_smtp` (type SMTP), else through
`KEYACCOUNTS_SMTP_URL`, else only into the outbox.

**When it fails.** The data engineers get a notice. Nothing is lost: the ledger knows what is still
to be sent, and the next run, or clearing the task, sends it.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Param

from keyaccounts_notices import tell_failure
from keyaccounts_operators import NotifyOperator
from keyaccounts_runs import PUBLISHED, run_params

with DAG(
    dag_id="key_accounts_alerts",
    schedule=[PUBLISHED],
    catchup=False,
    max_active_runs=1,
    default_args={
        "owner": "data-engineering",
        "retries": 3,
        "retry_delay": timedelta(minutes=2),
        "execution_timeout": timedelta(hours=1),
        "on_failure_callback": tell_failure,
    },
    params={
        **run_params(),
        "release_holds": Param(False, type="boolean", description="send what a breaker held"),
    },
    tags=["key-accounts"],
    doc_md=__doc__,
):
    NotifyOperator(task_id="notify")
