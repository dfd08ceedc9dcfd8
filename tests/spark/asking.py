"""Run by the tests in `.venv-spark`: WAY PLACE, statements as JSON in, the last one's rows out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any


def by_session(master: str, settings: dict[str, str]) -> Callable[[str], list[Any]]:
    """Be the driver of the cluster."""
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master(master).config(map=settings).getOrCreate()
    return lambda sql: session.sql(sql).collect()


def by_connect(address: str, _: dict[str, str]) -> Callable[[str], list[Any]]:
    """Be a client of the Connect server, without a JVM."""
    from pyspark.sql import SparkSession

    session = SparkSession.builder.remote(address).getOrCreate()
    return lambda sql: session.sql(sql).collect()


def by_thrift(port: str, _: dict[str, str]) -> Callable[[str], list[Any]]:
    """Be a client of the Thrift server."""
    from pyhive import hive

    cursor = hive.connect(host="127.0.0.1", port=int(port), username="keyaccounts").cursor()

    def run(sql: str) -> list[Any]:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []

    return run


WAYS = {"session": by_session, "connect": by_connect, "thrift": by_thrift}

if __name__ == "__main__":
    asked = json.load(sys.stdin)
    execute = WAYS[sys.argv[1]](sys.argv[2], asked["settings"])
    rows: list[Any] = []
    for statement in asked["statements"]:
        rows = execute(statement)
    print(json.dumps([list(row) for row in rows]))
