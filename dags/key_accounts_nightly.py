"""## Key accounts, every night

Lands what CRM and ERP say, builds and checks the marts, and publishes them as one new version.
The published asset wakes `key_accounts_alerts`, which tells people.

**When.** Every night at 02:30 in the business time zone; another cron line, or `none`, goes into
`AIRFLOW__KEYACCOUNTS__NIGHTLY_SCHEDULE`. The run's day D is the last day that had ended at the end
of its data interval. One run at a time: `resolve_run` waits until another one is through.

**By hand.** Trigger with `as_of_date` to build another day. With `notify` off, new alerts are noted
as known and not sent. `wall_time`, for demonstrations, is the time that messages carry.

**Earlier days again.** `airflow backfill create --dag-id key_accounts_nightly --from-date …
--to-date …` builds one version for each day and sends nothing. Readers then see the last day of the
backfill until the next night; trigger this DAG by hand to bring today back at once.

**When a task fails** the data engineers get its message and log; what is published stays.

* `resolve_run`: a setting or parameter is wrong; the message names it.
* `plan_extract`, `extract`: the source is refused; the message names file or line of `sources.yml`,
  row, column and rule. Repair the source, then clear the task. A database that is down is tried
  again. Rows that are rightly gone, all or most of them: trigger with `allow_empty`. A system with
  a `pool` in `sources.yml` has its own two, `plan_extract_NAME` and `extract_NAME`; a pool that
  Airflow does not have leaves them waiting: `airflow pools set POOL SLOTS TEXT`.
* `check_landing`, `check_marts`: a check failed and names its rows. Repair the source or the rule,
  then clear from `plan_extract` on.
* `build`: a model or a data test failed. Clear it: it goes on where it stopped.
* `publish`: clear it. Readers see the old version or the new one, never half of one.

Errors that another try cannot mend (configuration, source, check) fail at once, others are tried
again. `report_run` runs in any case; its log is the summary of the run.
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
from keyaccounts_runs import (
    MARTS,
    NIGHTLY_SCHEDULE,
    PUBLISHED,
    cron,
    extract_tasks,
    run_params,
    source_params,
)

with DAG(
    dag_id="key_accounts_nightly",
    schedule=cron("nightly_schedule", NIGHTLY_SCHEDULE),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    default_args={
        "owner": "data-engineering",
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(hours=3),
        "on_failure_callback": tell_failure,
    },
    params={**run_params(), **source_params()},
    tags=["key-accounts"],
    doc_md=__doc__,
):
    run = ResolveRunOperator(task_id="resolve_run", poke_interval=15, execution_timeout=None)
    # A task without entities is skipped; the check of the landing sees whether one is missing.
    check_landing = CheckLandingOperator(
        task_id="check_landing", facts=run.output, trigger_rule="none_failed"
    )
    for task, pool in extract_tasks().items():
        plan = PlanExtractOperator(task_id=f"plan_{task}", extract=task)
        extract = ExtractOperator.partial(
            task_id=task,
            facts=run.output,
            pool=pool,
            map_index_template="{{ task.entity }}",
        ).expand(entity=plan.output)
        run >> plan >> extract >> check_landing
    build = BuildOperator(task_id="build", facts=run.output)
    check_marts = CheckMartsOperator(task_id="check_marts", facts=run.output)
    publish = PublishOperator(task_id="publish", facts=run.output, outlets=[PUBLISHED, *MARTS])
    report = ReportRunOperator(task_id="report_run", facts=run.output).as_teardown()

    check_landing >> build >> check_marts >> publish >> report
