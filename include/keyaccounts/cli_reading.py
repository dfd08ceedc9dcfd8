"""The commands that read a home: `status`, `explain`, `docs`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from keyaccounts.settings import Run, load_settings

Json = Callable[[object], str]


def add_reading(commands: Any, as_json: Json) -> None:
    """Add the commands; `as_json` lays facts out."""
    status = commands.add_parser("status", help="what is published, and how the last runs went")
    status.set_defaults(run=lambda arguments: _status(arguments, as_json))
    explain = commands.add_parser(
        "explain", help="one account in a screenful: what to do, where it stands, and why"
    )
    explain.add_argument("account_id")
    explain.add_argument(
        "--history", action="store_true", help="its last month-ends and all its tiers as well"
    )
    explain.set_defaults(run=lambda arguments: _explain(arguments, as_json))
    docs = commands.add_parser(
        "docs", help="write one page with every model: columns, meaning, SQL, lineage"
    )
    docs.set_defaults(run=_docs)
    for parser in (status, explain, docs):
        parser.add_argument("--home")
    for parser in (status, explain):
        parser.add_argument("--json", action="store_true")


def _status(arguments: argparse.Namespace, as_json: Json) -> int:
    from keyaccounts.reports.status import status, status_lines

    facts = status(load_settings(home=arguments.home))
    print(as_json(facts) if arguments.json else "\n".join(status_lines(facts)))
    return 0


def _explain(arguments: argparse.Namespace, as_json: Json) -> int:
    from keyaccounts.reports.explain import explain, explain_lines

    facts = explain(load_settings(home=arguments.home), arguments.account_id)
    print(
        as_json(facts)
        if arguments.json
        else "\n".join(explain_lines(facts, with_history=arguments.history))
    )
    return 0


def _docs(arguments: argparse.Namespace) -> int:
    from keyaccounts.nightly import run_lock
    from keyaccounts.warehouse.docs import built, write_docs

    settings, now = load_settings(home=arguments.home), datetime.now(UTC)
    day = date.fromisoformat(built(settings)["variables"]["as_of_date"])
    # dbt opens the warehouse as a writer: a night under way comes first, and waits for this one.
    with run_lock(settings, Run(day, now), "docs"):
        print(write_docs(settings))
    return 0
