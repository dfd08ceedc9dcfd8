"""Run DAGs one after another in one process, as `airflow dags test` does.

Reads a JSON list of [DAG id, conf, folder] from standard input; what lies in the folder, if one is
given, is delivered to the source before the run. Airflow and the libraries are imported once for
all runs. The runs, their tasks and asset events are kept in the metadata database as any other.
"""

from __future__ import annotations

import json
import os
import shutil
import sys

from airflow.dag_processing.dagbag import DagBag
from airflow.utils import db
from airflow.utils.state import DagRunState


def main() -> int:
    """Return 1 as soon as a run does not succeed."""
    db.initdb()
    bag = DagBag()
    if bag.import_errors:
        print(bag.import_errors, file=sys.stderr)
        return 1
    for dag_id, conf, folder in json.load(sys.stdin):
        print(f"== {dag_id}", flush=True)
        if folder:
            shutil.copytree(folder, os.environ["KEYACCOUNTS_SOURCE"], dirs_exist_ok=True)
        state = bag.dags[dag_id].test(run_conf=conf).state
        if state != DagRunState.SUCCESS:
            print(f"{dag_id} ended as {state}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
