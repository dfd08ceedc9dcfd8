"""What runs inside the Spark environment: one dbt command between two ways of moving Parquet.

`python -m keyaccounts.warehouse.spark_process FOLDER` reads `FOLDER/plan.json`, which
`spark_engine` wrote, and leaves the nodes of dbt in the file that the plan names.
"""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import sys
import threading
import traceback
import warnings
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from keyaccounts.warehouse.dbt_process import SHOWN, NodeResult, example, invoke

USER = "keyaccounts"
PATIENCE_SECONDS = 20
LAYERS = ("landing", "rules", "staging", "intermediate", "marts")
OPTIONS = {
    "spark.app.name": "keyaccounts",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.cteRecursionLevelLimit": "200",
    "spark.sql.cteRecursionRowLimit": "-1",
    "spark.sql.sources.default": "parquet",
    # No stream wrote the landing; Spark would look for one's log at the path of several loads.
    "spark.sql.streaming.fileStreamSink.ignoreMetadata": "true",
}
LOCAL_OPTIONS = {
    "spark.sql.catalogImplementation": "in-memory",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
}


class Engine(Protocol):
    """A connection to Spark, whichever way it is reached."""

    def rows(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run one statement; return its column names and rows."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Session:
    """Spark driven from this process, or behind Connect."""

    def __init__(self, plan: dict[str, Any]) -> None:
        """Start it; dbt then finds it as the session that is there."""
        from pyspark.sql import SparkSession

        self.gateway: Any = None
        if plan["url"].startswith("sc://"):
            # The client would ask a server that is not there for many minutes.
            url = urlsplit(plan["url"].split(";")[0])
            socket.create_connection((url.hostname, url.port or 15002), PATIENCE_SECONDS).close()
            message = "Failed to set spark.sql.catalogImplementation"
            warnings.filterwarnings("ignore", message=message)
            os.environ["SPARK_REMOTE"] = plan["url"]
        else:
            self._start_driver(plan)
        self.spark = SparkSession.builder.getOrCreate()

    def _start_driver(self, plan: dict[str, Any]) -> None:
        from pyspark import SparkConf, SparkContext
        from pyspark.java_gateway import launch_gateway

        local = {}
        if plan["url"].startswith("local"):
            local = LOCAL_OPTIONS
            os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        conf = SparkConf().setMaster(plan["url"])
        place = {"spark.sql.warehouse.dir": f"{plan['storage']}/default"}
        conf.setAll({**OPTIONS, **place, **local, **plan["options"]}.items())
        # What the JVM says goes to a file: the console belongs to the progress of the run.
        log = Path(plan["log"]).open("w", encoding="utf-8")  # noqa: SIM115
        self.gateway = launch_gateway(conf, {"stdout": log, "stderr": log})
        SparkContext(conf=conf, gateway=self.gateway)

    def rows(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run one statement."""
        frame = self.spark.sql(sql)
        return frame.columns, [tuple(row) for row in frame.collect()]

    def close(self) -> None:
        """Stop it, and the JVM with it."""
        self.spark.stop()
        if self.gateway is not None:
            self.gateway.shutdown()
            self.gateway.proc.stdin.close()
            self.gateway.proc.wait()


class Thrift:
    """A Thrift server, which has the session."""

    def __init__(self, plan: dict[str, Any]) -> None:
        """Connect as dbt does."""
        from pyhive import hive

        url = urlsplit(plan["url"])
        self.connection = hive.connect(
            host=url.hostname,
            port=url.port or 10000,
            username=url.username or USER,
            auth=os.environ.get("SPARK_THRIFT_AUTH", "NONE"),
            password=os.environ.get("SPARK_THRIFT_PASSWORD") or None,
            configuration=_sql_options(plan),
        )

    def rows(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run one statement."""
        cursor = self.connection.cursor()
        try:
            cursor.execute(sql)
            names = [column[0].split(".")[-1] for column in cursor.description or []]
            return names, cursor.fetchall() if names else []
        finally:
            cursor.close()

    def close(self) -> None:
        """End the session; the server goes on."""
        self.connection.close()


def main(folder: Path) -> int:
    """Carry out the plan in `folder`; return the exit code."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    # A failed statement is told by dbt, once and without its stack.
    logging.getLogger("SQLQueryContextLogger").disabled = True
    print(f"  spark at {plan['url']}", flush=True)
    try:
        engine: Engine = Thrift(plan) if plan["url"].startswith("thrift:") else Session(plan)
    except Exception as error:
        return _told(error, f"cannot reach Spark at {plan['url']}", folder)
    try:
        nodes = _built(engine, plan)
    except Exception as error:
        return _told(error, "Spark", folder)
    finally:
        engine.close()
    Path(plan["result"]).write_text(json.dumps([asdict(n) for n in nodes]), encoding="utf-8")
    return 0


def _built(engine: Engine, plan: dict[str, Any]) -> list[NodeResult]:
    _set_options_of_dbt(plan)
    _lay_out(engine, plan)
    nodes = invoke(
        [*plan["command"], "--target", "spark"],
        project=Path(plan["project"]),
        target=Path(plan["target"]),
        environment=_environment(plan),
        log=lambda line: print(line, flush=True),
    )
    if any(node.is_bad for node in nodes):
        return [_with_examples(engine, node) for node in nodes]
    _export(engine, plan)
    return nodes


def _told(error: Exception, what: str, folder: Path) -> int:
    """Say in a line what went wrong; the whole of it goes beside the plan."""
    (folder / "error.log").write_text("".join(traceback.format_exception(error)), "utf-8")
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    # Of an error in the JVM the second line says what it was.
    first = next((line.removeprefix(": ") for line in lines if line.startswith(": ")), lines[0])
    hint = ""
    if "PATH_NOT_FOUND" in str(error) or "does not exist" in str(error):
        hint = " (every machine of the cluster must see the home, or set storage_url)"
    print(f"{what}: {type(error).__name__}: {first}{hint}", flush=True)
    return 1


def _sql_options(plan: dict[str, Any]) -> dict[str, str]:
    """Return what may be set while a session runs."""
    options = {**OPTIONS, **plan["options"]}
    return {key: value for key, value in options.items() if key.startswith("spark.sql.")}


def _set_options_of_dbt(plan: dict[str, Any]) -> None:
    """Let every session of dbt have our options.

    Among them ANSI, which dbt-spark turns off for all: a cast or a sum that does not fit is an
    error, as in DuckDB, and not an unknown figure.
    """
    from dbt.adapters.spark.connections import SparkCredentials

    original = SparkCredentials.__post_init__

    def with_options(credentials: Any) -> None:
        original(credentials)
        credentials.server_side_parameters.update(_sql_options(plan))

    SparkCredentials.__post_init__ = with_options


def _end_with_parent() -> None:
    """A build whose caller was killed must not go on beside the next one."""
    sys.stdin.read()
    os._exit(5)


def _environment(plan: dict[str, Any]) -> dict[str, str]:
    url = urlsplit(plan["url"])
    is_thrift = url.scheme == "thrift"
    return {
        "KEYACCOUNTS_SPARK_METHOD": "thrift" if is_thrift else "session",
        "KEYACCOUNTS_SPARK_HOST": (url.hostname if is_thrift else None) or "none",
        "KEYACCOUNTS_SPARK_PORT": str((url.port if is_thrift else None) or 10000),
        "KEYACCOUNTS_SPARK_USER": (url.username if is_thrift else None) or USER,
        "KEYACCOUNTS_SPARK_DATABASE": plan["database"],
        "KEYACCOUNTS_SPARK_FORMAT": plan["file_format"],
        "KEYACCOUNTS_DBT_THREADS": str(plan["threads"]),
    }


def _lay_out(engine: Engine, plan: dict[str, Any]) -> None:
    """Make the databases anew, each with a place of its own, and views over the landed files."""
    for layer in LAYERS:
        database = f"{plan['database']}_{layer}"
        engine.rows(f"drop database if exists {database} cascade")
        engine.rows(f"create database {database} location '{plan['storage']}/{layer}'")
    for table, files in plan["landing"].items():
        rows = f"select * from parquet.`{path_of(files)}`"
        if keys := plan["newest"].get(table):
            # As `landing_schema` has it for DuckDB: of several loads the newest versions.
            rank = (
                f"row_number() over (partition by {', '.join(keys)} "
                "order by updated_at desc nulls last, _load desc, _row)"
            )
            ranked = f"select *, {rank} as version_rank from ({rows})"
            rows = f"select * except (version_rank) from ({ranked}) where version_rank = 1"
        engine.rows(f"create view {plan['database']}_landing.{table} as {rows}")


def path_of(files: list[str]) -> str:
    """Return one path for the files of a table; several are of loads, in folders side by side.

    A query over each of them would ask every file for its columns before it is planned.
    """
    if len(files) == 1:
        return files[0]
    parts = [file.rsplit("/", 2) for file in files]
    place = re.sub(r"([\\{}\[\]*?])", r"\\\1", parts[0][0])
    return f"{place}/{{{','.join(f'{folder}/{name}' for _, folder, name in parts)}}}"


def _export(engine: Engine, plan: dict[str, Any]) -> None:
    for layer, names in plan["exported"].items():
        database = f"{plan['database']}_{layer}"
        if names is None:
            _, rows = engine.rows(f"show tables in {database}")
            names = [row[1] for row in rows]
        for name in names:
            engine.rows(
                f"insert overwrite directory '{plan['export']}/{layer}/{name}' using parquet "
                f"select * from {database}.{name}"
            )


def _with_examples(engine: Engine, node: NodeResult) -> NodeResult:
    if node.kind != "test" or not node.is_bad:
        return node
    with suppress(Exception):
        names, rows = engine.rows(f"select * from ({node.sql}) as bad limit {SHOWN}")
        return replace(node, message=f"{node.message.strip()}: {example(names, rows)}")
    return node


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
