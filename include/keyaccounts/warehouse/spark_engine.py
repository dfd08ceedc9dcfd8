"""The engine for more than one machine: dbt builds on Spark, the rest of the night stays as it is.

dbt and Spark run in a process of their own, of the environment that `make setup-spark` made. It
reads the landed Parquet where it lies and writes the built marts as Parquet; these come into the
warehouse file, so that audit, publication and alerts are the same code on the same tables.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts.contract import load_contract
from keyaccounts.errors import ConfigurationError, KeyaccountsError
from keyaccounts.landing.loads import are_of_today, loads_in_play, rows_files
from keyaccounts.settings import PROJECT_ROOT, Settings
from keyaccounts.storage import begin_build, open_store, push_landing
from keyaccounts.warehouse.dbt_process import NodeResult

LAID_OUT = (
    "crm_account_versions", "crm_user_versions", "loads", "quarantine", "quarantine_counts",
    "rejected", "nulled",
    "first_published", "first_published_units", "late_documents",
)  # fmt: skip
"""What `landing_schema` derives from the loads; small beside them."""
AUDITED = ("stg_crm__account_versions", "stg_erp__invoices", "stg_erp__payment_applications")
"""Below the marts, what the checks at the exit compare them with."""
EXPORTED: Mapping[str, Sequence[str] | None] = {
    "staging": AUDITED,
    "intermediate": ("int_calendar__month_ends", "int_identity__account_units"),
    "marts": None,
    "rules": None,
}
"""Tables that come home, by layer; None for all. Of the layer between, what a closing keeps."""
LAYERS = ("staging", "intermediate", "marts", "rules")


def run(
    settings: Settings,
    project: Path,
    command: list[str],
    log: Callable[[str], None],
    exported: Mapping[str, Sequence[str] | None] = EXPORTED,
) -> list[NodeResult]:
    """Run one dbt command on Spark; when every node is well, bring the marts home.

    Raises ConfigurationError when the Spark environment is missing, KeyaccountsError when Spark or
    dbt did not come as far as running a node.
    """
    work = _work_folder(settings)
    landing = _landing_files(settings, work / "landing")
    build, place = "", str(work)
    with open_store(settings) as store:
        if store is not None:
            build = begin_build(store)
            place = store.spark_url(build)
            landing, sent = push_landing(store, settings, build, landing)
            log(f"  {sent} load(s) sent to {store.url}")
    plan = {
        "url": settings.spark_url,
        "options": _options(settings),
        "database": settings.spark_database,
        "file_format": settings.spark_format,
        "threads": settings.threads,
        "storage": f"{place}/tables",
        "landing": landing,
        "newest": {
            name: entity.keys
            for name, entity in load_contract().items()
            if len(loads_in_play(settings, name)) > 1
        },
        "command": command,
        "project": str(project),
        "target": str(settings.home / "warehouse" / "target"),
        "exported": exported,
        "export": f"{place}/export",
        "result": str(work / "result.json"),
        "log": str(work / "spark.log"),
    }
    (work / "plan.json").write_text(json.dumps(plan, indent=1), encoding="utf-8")
    _run_process(settings, work, log)
    nodes = [NodeResult(**node) for node in json.loads((work / "result.json").read_text("utf-8"))]
    if any(node.is_bad for node in nodes):
        return nodes
    with open_store(settings) as store:
        if store is not None:
            store.fetch(f"{build}/export", work / "export")
            store.remove(build)
    counts = _bring_home(settings, work / "export")
    shutil.rmtree(work / "tables", ignore_errors=True)
    return [replace(node, rows=counts.get(node.name)) for node in nodes]


def _work_folder(settings: Settings) -> Path:
    """Return the folder of this build, empty; without object storage the workers see it too."""
    # A folder of our own in the given one: what else lies there is not ours to remove.
    given = settings.spark_storage
    work = given / "keyaccounts_spark" if given else settings.home / "warehouse" / "spark"
    shutil.rmtree(work, ignore_errors=True)
    (work / "landing").mkdir(parents=True)
    return work


def _options(settings: Settings) -> dict[str, str]:
    memory = settings.memory_limit.upper().replace("I", "").replace(" ", "").removesuffix("B")
    return {"spark.driver.memory": memory.lower(), **settings.spark_settings}


def _landing_files(settings: Settings, folder: Path) -> dict[str, list[str]]:
    """Return the Parquet files of each landing table; what is derived or empty is written."""
    loads = {name: loads_in_play(settings, name) for name in load_contract()}
    # Loads of an earlier contract lack columns; the schema `landing` has them.
    as_landed = {name: found for name, found in loads.items() if found and are_of_today(found)}
    # To object storage each load goes once, as it is.
    files = {
        name: [load.rows_file for load in found] if settings.storage_url else rows_files(found)
        for name, found in as_landed.items()
    }
    con = duckdb.connect(str(settings.warehouse), read_only=True)
    try:
        for table in [*LAID_OUT, *(name for name in loads if name not in as_landed)]:
            file = folder / f"{table}.parquet"
            con.execute(f"copy (select * from landing.{table}) to '{file}' (format parquet)")
            files[table] = [file]
    finally:
        con.close()
    return {table: [str(file) for file in paths] for table, paths in files.items()}


def _run_process(settings: Settings, work: Path, log: Callable[[str], None]) -> None:
    python = settings.spark_python or PROJECT_ROOT / ".venv-spark" / "bin" / "python"
    if not python.is_file():
        raise ConfigurationError(
            "engine spark needs its own environment: run `make setup-spark`, or set spark_python "
            "to the interpreter of an environment that has requirements-spark.txt"
        )
    with _process([str(python), "-m", "keyaccounts.warehouse.spark_process", work]) as process:
        assert process.stdout is not None
        last = "no output"
        for line in process.stdout:
            log(line.rstrip())
            last = line.strip() or last
    if process.returncode != 0:
        raise KeyaccountsError(
            f"the Spark process ended with {process.returncode}: {last}; its logs are in {work}"
        )


@contextmanager
def _process(command: list[Any]) -> Iterator[subprocess.Popen[str]]:
    """Run a process that ends with this one: it watches its standard input."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    try:
        yield process
        process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def _bring_home(settings: Settings, export: Path) -> dict[str, int]:
    """Fill the warehouse file with what Spark built; return the rows of each table."""
    counts: dict[str, int] = {}
    con = duckdb.connect(str(settings.warehouse))
    try:
        con.execute(f"set memory_limit = '{settings.memory_limit}'")
        con.execute(f"set temp_directory = '{settings.scratch}'")
        for layer in LAYERS:
            con.execute(f"drop schema if exists {layer} cascade")
            con.execute(f"create schema {layer}")
        for folder in sorted(export.glob("*/*")):
            layer, name = folder.parent.name, folder.name
            kind = "view" if layer == "staging" else "table"
            files = str(folder / "*.parquet").replace("'", "''")
            con.execute(f"create {kind} {layer}.{name} as select * from read_parquet('{files}')")
            if kind == "table":
                found = con.execute(f"select count(*) from {layer}.{name}").fetchall()
                counts[name] = int(found[0][0])
    finally:
        con.close()
    return counts
