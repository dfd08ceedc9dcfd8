"""## Upkeep of key accounts

Removes what no reader and no later run needs: published versions beyond
`KEYACCOUNTS_KEEP_VERSIONS`, drafts and scratch files that a killed run left more than a day ago,
all but the newest 400 run manifests, and dbt logs older than 30 days. The log names each path.

It never touches the landing, the ledger, the outbox or the warehouse. Airflow's own tables are
cleaned with `airflow db clean`, by whoever runs the database.

**When.** Sundays at 05:00 in the business time zone; `AIRFLOW__KEYACCOUNTS__UPKEEP_SCHEDULE` takes
another cron line, or `none`.

**When it fails.** A run was under way for longer than it waits, or a folder is not writable.
Nothing depends on it: clear it, or leave it to the next week.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from keyaccounts_notices import tell_failure
from keyaccounts_operators import UpkeepOperator
from keyaccounts_runs import UPKEEP_SCHEDULE, cron

with DAG(
    dag_id="key_accounts_upkeep",
    schedule=cron("upkeep_schedule", UPKEEP_SCHEDULE),
    catchup=False,
    max_active_runs=1,
    default_args={
        "owner": "data-engineering",
        "retries": 3,
        "retry_delay": timedelta(minutes=10),
        "execution_timeout": timedelta(minutes=30),
        "on_failure_callback": tell_failure,
    },
    tags=["key-accounts"],
    doc_md=__doc__,
):
    UpkeepOperator(task_id="prune_home")
