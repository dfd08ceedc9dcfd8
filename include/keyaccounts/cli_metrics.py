"""The commands of the semantic layer: `keyaccounts metrics list` and `query`."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from keyaccounts.settings import load_settings

Json = Callable[[object], str]


def add_metrics(commands: Any, as_json: Json) -> None:
    """Add the commands; `as_json` lays facts out."""
    metrics = commands.add_parser("metrics", help="figures of the publication by any dimension")
    actions = metrics.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="the metrics, what they mean, what groups them")
    listed.add_argument("--search", default="", help="only metrics with this in their name")
    listed.set_defaults(run=lambda arguments: _list(arguments, as_json))
    asked = actions.add_parser("query", help="ask for figures, as `mf query` does")
    asked.add_argument("--metrics", type=_names, required=True, help="commas between")
    asked.add_argument("--group-by", type=_names, default=(), help="commas between")
    asked.add_argument("--where", action="append", default=[], help="a condition; repeatable")
    asked.add_argument("--order", type=_names, default=(), help="columns; -column for descending")
    asked.add_argument("--limit", type=int)
    asked.add_argument("--start-time", type=datetime.fromisoformat, help="first day")
    asked.add_argument("--end-time", type=datetime.fromisoformat, help="last day")
    asked.add_argument("--csv", action="store_true", help="print CSV")
    asked.add_argument("--explain", action="store_true", help="print the SQL in place of figures")
    asked.set_defaults(run=lambda arguments: _query(arguments, as_json))
    for parser in (listed, asked):
        parser.add_argument("--home")
        parser.add_argument("--json", action="store_true")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _list(arguments: argparse.Namespace, as_json: Json) -> int:
    from keyaccounts.metrics.engine import open_metrics

    with open_metrics(load_settings(home=arguments.home)) as metrics:
        found = {
            name: {"meaning": meaning, "group_by": group_by}
            for name, (meaning, group_by) in sorted(metrics.names().items())
            if arguments.search in name
        }
    if arguments.json:
        print(as_json(found))
        return 0
    for name, facts in found.items():
        print(f"{name}: {facts['meaning']}\n    {', '.join(facts['group_by'])}")
    return 0


def _query(arguments: argparse.Namespace, as_json: Json) -> int:
    from keyaccounts.metrics.engine import Question, open_metrics

    question = Question(
        arguments.metrics, arguments.group_by, arguments.where, arguments.order, arguments.limit,
        arguments.start_time, arguments.end_time,
    )  # fmt: skip
    with open_metrics(load_settings(home=arguments.home)) as metrics:
        if arguments.explain:
            print(metrics.sql_of(question))
            return 0
        answer = metrics.ask(question)
    rows = [[_shown(value) for value in row] for row in answer.rows]
    if arguments.json:
        print(as_json([dict(zip(answer.columns, row, strict=True)) for row in answer.rows]))
    elif arguments.csv:
        writer = csv.writer(sys.stdout)
        writer.writerows([answer.columns, *rows])
    else:
        print("\n".join(_aligned([list(answer.columns), *rows])))
    return 0


def _shown(value: Any) -> str:
    """Return a cell: a day without its hour, a ratio with six places, nothing where unknown."""
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, float):
        return f"{value:.6f}"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
