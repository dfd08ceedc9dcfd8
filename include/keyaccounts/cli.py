"""The command line `keyaccounts`: thin, one command per step.

Exit codes: 0 done, 2 wrong use or configuration, 3 source refused, 4 a check failed (nothing
published), 5 anything else.
"""

from __future__ import annotations

import argparse
import atexit
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from keyaccounts import __version__, nightly
from keyaccounts.cli_alerts import add_alerts
from keyaccounts.cli_metrics import add_metrics
from keyaccounts.cli_reading import add_reading
from keyaccounts.contract import load_contract
from keyaccounts.errors import ConfigurationError, KeyaccountsError
from keyaccounts.settings import Run, Settings, business_date, load_settings

EPILOG = __doc__.split("\n\n", 1)[1] if __doc__ else ""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments) or 0)
    except KeyaccountsError as error:
        print(f"keyaccounts: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("keyaccounts: stopped", file=sys.stderr)
        return 5
    except BrokenPipeError:
        return 0
    except OSError as error:
        if arguments.debug:
            raise
        print(f"keyaccounts: cannot use {error.filename}: {error.strerror}", file=sys.stderr)
        return ConfigurationError.exit_code
    except Exception as error:
        print(f"keyaccounts: {type(error).__name__}: {error}", file=sys.stderr)
        if arguments.debug:
            raise
        return 5


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="keyaccounts",
        description="Key-account warehouse: tiers, receivables, retention and their alerts.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"keyaccounts {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_nightly(commands)
    _add_steps(commands)
    _add_sources(commands)
    _add_quarantine(commands)
    add_alerts(commands, _wall_time, _as_json)
    add_reading(commands, _as_json)
    add_metrics(commands, _as_json)
    _add_demo(commands)
    return parser


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--home", help="folder of landing, warehouse, publication, outbox, ledger")
    parser.add_argument("--source", help="folder of contract files (<entity>.csv or .parquet)")
    parser.add_argument("--sources", help="a sources.yml: databases and folders, by entity")
    parser.add_argument(
        "--as-of", help="the last day that the figures include (default: yesterday)"
    )
    parser.add_argument("--wall-time", help="ISO time for messages and load stamps (default: now)")
    parser.add_argument("--base-currency", help="three-letter code (default CNY)")
    parser.add_argument("--timezone", help="business time zone (default Asia/Shanghai)")
    parser.add_argument("--max-quarantine-share", help="above it a load is refused (default 0.05)")
    parser.add_argument("--go-live", help="alerts effective before this date are not sent")
    parser.add_argument("--rules-dir", help="folder with your own dated rules (CSV)")
    parser.add_argument("--engine", choices=["duckdb", "spark"], help="default duckdb")
    parser.add_argument("--spark-url", help="master, sc:// or thrift:// (default local[2])")
    parser.add_argument("--memory-limit", help="of DuckDB or the Spark driver, for example 4GB")
    parser.add_argument("--threads", help="of DuckDB and dbt (default 2)")
    parser.add_argument("--json", action="store_true", help="print one machine-readable summary")


def _add_nightly(commands: Any) -> None:
    parser = commands.add_parser("nightly", help="all six steps, notify included")
    _add_run_options(parser)
    parser.add_argument(
        "--no-notify", action="store_true", help="record the alerts as known, send nothing"
    )
    _add_confirmations(parser)
    parser.set_defaults(run=_run_nightly)


def _add_confirmations(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--allow-empty", action="append", metavar="ENTITY", default=[],
        help="its rows, or most of them, are rightly gone at the source; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--reload", action="append", metavar="ENTITY", default=[],
        help="read all its rows again, though it is loaded incrementally; repeatable",
    )  # fmt: skip


def _told(arguments: argparse.Namespace) -> nightly.Told:
    given = [*arguments.allow_empty, *arguments.reload]
    unknown = [name for name in given if name not in load_contract()]
    if unknown:
        raise ConfigurationError(f"{unknown[0]} is no entity of the contract")
    return nightly.Told(frozenset(arguments.allow_empty), frozenset(arguments.reload))


def _run_nightly(arguments: argparse.Namespace) -> int:
    settings, run, log = _context(arguments)
    try:
        summary = nightly.nightly(
            settings, run, send=not arguments.no_notify, log=log, told=_told(arguments)
        )
    except Exception:
        if arguments.json:
            print(_as_json(nightly.run_summary(settings, run)))
        raise
    _finish(arguments, summary)
    return 0


def _add_steps(commands: Any) -> None:
    texts = {
        "extract": "land what the source says",
        "check-landing": "check what has landed",
        "build": "build the warehouse with dbt",
        "check-marts": "audit the marts before they are published",
        "publish": "publish a version and move the pointer",
        "notify": "tell account managers, once",
    }
    for step, text in texts.items():
        parser = commands.add_parser(step, help=text)
        _add_run_options(parser)
        if step == "extract":
            parser.add_argument("--entity", action="append", help="only this entity; repeatable")
            _add_confirmations(parser)
        if step == "publish":
            parser.add_argument(
                "--to", help="a Postgres for BI as well: postgresql://user@host/database"
            )
        if step == "notify":
            parser.add_argument("--no-notify", action="store_true", help="send nothing")
            parser.add_argument(
                "--release-holds", action="store_true", help="send what a circuit breaker held"
            )
        parser.set_defaults(run=_run_step)


def _run_step(arguments: argparse.Namespace) -> int:
    settings, run, log = _context(arguments)
    if arguments.command == "extract":
        result: Any = nightly.extract_all(settings, run, arguments.entity, log, _told(arguments))
    elif arguments.command == "notify":
        result = nightly.notify(
            settings,
            run,
            send=not arguments.no_notify,
            release_holds=arguments.release_holds,
            log=log,
        )
    else:
        step = getattr(nightly, arguments.command.replace("-", "_"))
        result = step(settings, run, log)
    _finish(arguments, {"as_of_date": run.as_of_date, arguments.command: result})
    return 0


def _add_sources(commands: Any) -> None:
    sources = commands.add_parser("sources", help="look at what a sources.yml gives")
    actions = sources.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="is every line right, does every system answer")
    preview = actions.add_parser("preview", help="the first mapped rows, and what is wrong in them")
    preview.add_argument("entity", metavar="ENTITY")
    preview.add_argument("--rows", type=int, default=10, help="rows to show (default 10)")
    for parser in (check, preview):
        parser.add_argument("--sources", help="the file (default: the setting sources)")
        parser.add_argument("--home")
        parser.set_defaults(run=_run_sources)


def _run_sources(arguments: argparse.Namespace) -> int:
    from keyaccounts.landing.preview import check_sources, preview
    from keyaccounts.sources.connect import Systems

    settings = load_settings(home=arguments.home, sources=arguments.sources)
    with Systems() as systems:
        lines = (
            check_sources(settings, systems)
            if arguments.action == "check"
            else preview(settings, systems, arguments.entity, arguments.rows)
        )
        for line in lines:
            print(line)
    return 0


def _add_quarantine(commands: Any) -> None:
    quarantine = commands.add_parser("quarantine", help="the rows that are held back")
    actions = quarantine.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="how many by entity and reason, and since when")
    show = actions.add_parser(
        "show", help="the rows of an entity: key, column, value, reason, place"
    )
    show.add_argument("entity", metavar="ENTITY")
    show.add_argument("--reason", help="part of a reason, or the name of a column")
    show.add_argument("--rows", type=int, default=100, help="rows to show (default 100)")
    for parser in (listed, show):
        parser.add_argument("--home")
        parser.add_argument("--json", action="store_true")
        parser.set_defaults(run=_run_quarantine)
    retry = actions.add_parser(
        "retry", help="check them again by the rules of today and by all that has landed"
    )
    retry.add_argument("entity", metavar="ENTITY", nargs="?", help="only this entity")
    _add_run_options(retry)
    retry.set_defaults(run=_run_retry)


def _run_quarantine(arguments: argparse.Namespace) -> int:
    from keyaccounts.landing.quarantine import held_rows, reasons
    from keyaccounts.reports.held import reason_lines, row_lines

    settings = load_settings(home=arguments.home)
    if arguments.action == "list":
        found: Any = reasons(settings)
        facts: Any = [asdict(reason) for reason in found]
        lines = reason_lines(found)
    else:
        _refuse_no_entity(arguments.entity)
        facts = held_rows(settings, arguments.entity, arguments.reason)
        lines = row_lines(facts, arguments.rows)
    print(_as_json(facts) if arguments.json else "\n".join(lines))
    return 0


def _run_retry(arguments: argparse.Namespace) -> int:
    if arguments.entity:
        _refuse_no_entity(arguments.entity)
    settings, run, log = _context(arguments)
    result = nightly.retry_quarantine(settings, run, arguments.entity, log)
    _finish(arguments, result)
    return 0


def _refuse_no_entity(name: str) -> None:
    if name not in load_contract():
        raise ConfigurationError(f"{name} is no entity of the contract")


def _add_demo(commands: Any) -> None:
    demo = commands.add_parser("demo", help="a company to try things on")
    actions = demo.add_subparsers(dest="action", required=True, metavar="ACTION")
    generate = actions.add_parser("generate", help="write contract files and stories.json")
    generate.add_argument("--accounts", type=int, default=300)
    generate.add_argument("--months", type=int, default=48)
    generate.add_argument("--end", default="2026-10-31", help="last day of the data")
    generate.add_argument("--lines", type=int, help="invoice lines (default: from the accounts)")
    generate.add_argument("--seed", type=int, default=7)
    generate.add_argument("--out", required=True, help="folder for the files")
    generate.set_defaults(run=_run_generate)
    summary = actions.add_parser("summary", help="eleven lines on what was built and found")
    summary.add_argument("--home")
    summary.set_defaults(run=_run_demo_summary)


def _run_generate(arguments: argparse.Namespace) -> int:
    from keyaccounts.demo import generate

    try:
        summary = generate(
            Path(arguments.out),
            accounts=arguments.accounts,
            months=arguments.months,
            end=nightly.parse_date(arguments.end),
            lines=arguments.lines,
            seed=arguments.seed,
            progress=print,
        )
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    print(_as_json(summary))
    return 0


def _run_demo_summary(arguments: argparse.Namespace) -> int:
    from keyaccounts.reports.status import demo_lines

    print("\n".join(demo_lines(load_settings(home=arguments.home))))
    return 0


def _context(
    arguments: argparse.Namespace,
) -> tuple[Settings, Run, Callable[[str], None]]:
    settings = load_settings(
        home=arguments.home,
        source=arguments.source,
        sources=arguments.sources,
        base_currency=arguments.base_currency,
        timezone=arguments.timezone,
        max_quarantine_share=arguments.max_quarantine_share,
        go_live_date=nightly.parse_date(arguments.go_live) if arguments.go_live else None,
        rules_dir=arguments.rules_dir,
        engine=arguments.engine,
        spark_url=arguments.spark_url,
        memory_limit=arguments.memory_limit,
        threads=arguments.threads,
        bi_url=getattr(arguments, "to", None),
    )
    wall_time = _wall_time(arguments.wall_time, settings.timezone)
    as_of = (
        nightly.parse_date(arguments.as_of)
        if arguments.as_of
        else business_date(wall_time, settings.timezone)
    )
    return settings, Run(as_of, wall_time), _log(arguments)


def _wall_time(text: str | None, timezone: str) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"--wall-time {text!r} is not an ISO time") from error
    return given if given.tzinfo else given.replace(tzinfo=ZoneInfo(timezone))


def _log(arguments: argparse.Namespace) -> Callable[[str], None]:
    """Progress goes to standard error where standard output is one JSON document."""
    stream = sys.stderr if arguments.json else sys.stdout
    return lambda line: print(line, file=stream, flush=True)


def _finish(arguments: argparse.Namespace, summary: dict[str, Any]) -> None:
    if arguments.json:
        print(_as_json(summary))


def _as_json(value: object) -> str:
    def plain(item: object) -> object:
        return item.isoformat() if isinstance(item, date | datetime) else str(item)

    return json.dumps(value, indent=1, ensure_ascii=False, default=plain)


def run() -> NoReturn:
    """Run one command as a process of its own, and end that without a last word of its libraries.

    DuckDB's package lists what it did not let go of in hundreds of lines, below the message that
    a person has to see. What was registered for the end is done all the same.
    """
    code = main()
    atexit._run_exitfuncs()
    with suppress(BrokenPipeError):
        sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    run()
