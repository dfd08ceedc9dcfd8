"""## Delivery of waiting messages

Sends the messages that the night wrote outside business hours, and those that a mail server refused
before. It decides nothing: that is done by `key_accounts_alerts`.

**When.** Every hour from 08:00 to 18:00, Monday to Friday, in the business time zone;
`AIRFLOW__KEYACCOUNTS__DELIVERY_SCHEDULE` takes another cron line, or `none`. The next hour makes up
for a missed one.

**When it fails.** The ledger or the mail server is out of reach; the next hour tries again.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from keyaccounts_notices import tell_failure
from keyaccounts_operators import DeliverOperator
from keyaccounts_runs import DELIVERY_SCHEDULE, cron

with DAG(
    dag_id="key_accounts_delivery",
    schedule=cron("delivery_schedule", DELIVERY_SCHEDULE),
    catchup=False,
    max_active_runs=1,
    default_args={
        "owner": "data-engineering",
        "execution_timeout": timedelta(minutes=30),
        "on_failure_callback": tell_failure,
    },
    tags=["key-accounts"],
    doc_md=__doc__,
):
    DeliverOperator(task_id="deliver_pending")
