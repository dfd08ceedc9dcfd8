"""## Key accounts, every night

Lands what CRM and ERP say, builds and checks the marts, and publishes them as one new version.
The published asset wakes `key_accounts_alerts`, which tells people.

**When.** Every night at 02:30 in the business time zone; `AIRFLOW__KEYACCOUNTS__NIGHTLY_SCHEDULE`
takes another cron line, or `none`. The run's day D is the last day that had ended at the end of its
data interval.

**By hand.** Trigger with `as_of_date` to build another day. With `notify` off, alerts that are new
are noted as known and not sent. `wall_time` is for demonstrations: the time that messages carry.

**Another day again.** `airflow backfill create --dag-id key_accounts_nightly --from-date … --to-date …`
builds one version a day and sends nothing. The publication then shows the last day of the backfill
until the next night; trigger this DAG by hand to bring today back at once.

**When a task fails.** The data engineers get a mail with its message and log. What is published stays.

| task | what to do |
|---|---|
| plan_extract, extract | Source refused: the message names file, row, column and rule. Repair the source, clear the task. |
| check_landing, check_marts | A check failed: its rows are named. Repair the source or the rule, clear from `plan_extract` on. |
| build | A data test or a model failed. Clear the task: it goes on where it stopped. |
| publish | Clear the task. Readers see the old version or the new one, never half of one. |

Errors that another try cannot mend (configuration, source, check) fail at once; others are tried again.
The last task, `report_run`, runs in any case: its log is the summary of the run.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG
from keyaccounts_notices import tell_failure
from keyaccounts_operators import (
    BuildOperator,
    CheckLandingOperator,
    CheckMartsOperator,
    ExtractOperator,
    PlanExtractOperator,
    PublishOperator,
    ReportRunOperator,
    ResolveRunOperator,
)
from keyaccounts_runs import NIGHTLY_SCHEDULE, PUBLISHED, cron, run_params

with DAG(
    dag_id="key_accounts_nightly",
    schedule=cron("nightly_schedule", NIGHTLY_SCHEDULE),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    default_args={
        "owner": "data-engineering",
        "retries": 2,
        "retry_delay": timedelta(minutes=2),
        "retry_exponential_backoff": 2,
        "max_retry_delay": timedelta(minutes=20),
        "execution_timeout": timedelta(hours=3),
        "on_failure_callback": tell_failure,
    },
    params=run_params(),
    tags=["key-accounts"],
    doc_md=__doc__,
):
    run = ResolveRunOperator(task_id="resolve_run")
    plan = PlanExtractOperator(task_id="plan_extract")
    extract = ExtractOperator.partial(
        task_id="extract",
        facts=run.output,
        map_index_template="{{ task.entity }}",
    ).expand(entity=plan.output)
    check_landing = CheckLandingOperator(task_id="check_landing", facts=run.output)
    build = BuildOperator(task_id="build", facts=run.output)
    check_marts = CheckMartsOperator(task_id="check_marts", facts=run.output)
    publish = PublishOperator(task_id="publish", facts=run.output, outlets=[PUBLISHED])
    report = ReportRunOperator(task_id="report_run", facts=run.output).as_teardown()

    run >> plan >> extract >> check_landing >> build >> check_marts >> publish >> report
