"""The commands `keyaccounts alerts`: what waits for an answer, and the answers."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Callable
from datetime import datetime
from typing import Any

from keyaccounts.errors import ConfigurationError
from keyaccounts.nightly import parse_date
from keyaccounts.settings import Settings, load_settings

Clock = Callable[[str | None, str], datetime]
Json = Callable[[object], str]

ANSWERS = {
    "ack": ("acknowledge", "I have read it: no more reminders"),
    "snooze": ("snooze", "not now: quiet until a day, at most 90 days ahead"),
    "resolve": ("resolve", "done: the matter is settled"),
    "accept": ("accept", "it is so, and nothing will be done; says why"),
    "comment": ("comment", "a word about it, for whoever reads it next"),
}


def add_alerts(commands: Any, clock: Clock, as_json: Json) -> None:
    """Add the commands; `clock` reads a --wall-time, `as_json` lays facts out."""
    alerts = commands.add_parser("alerts", help="what waits for an answer, and the answers")
    actions = alerts.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="those that wait, worst first")
    listed.add_argument("--owner", help="only of this account manager (user id)")
    listed.add_argument("--account", help="only about this account")
    listed.add_argument("--severity", action="append", help="only of this one; repeatable")
    listed.add_argument("--type", action="append", help="only of this type; repeatable")
    listed.add_argument("--all", action="store_true", help="those that wait no more as well")
    listed.add_argument("--rows", type=int, default=50, help="alerts to show (default 50)")
    show = actions.add_parser("show", help="one as its message said it, and what happened to it")
    show.add_argument("alert", metavar="ALERT", help="id, or an account with one alert that waits")
    for parser in (listed, show):
        parser.add_argument("--json", action="store_true")
    for name, (_, text) in ANSWERS.items():
        parser = actions.add_parser(name, help=text)
        parser.add_argument("alert", metavar="ALERT", nargs="*", help="ids; see `alerts list`")
        parser.add_argument("--by", help="who answers (default: you, as this machine knows you)")
        if name == "snooze":
            parser.add_argument("--account", help="all alerts of this account, coming ones too")
            parser.add_argument("--until", required=True, help="last quiet day, YYYY-MM-DD")
        needs = name in ("snooze", "accept", "comment")
        parser.add_argument(
            "--reason", required=needs, help="why" + ("" if needs else " (optional)")
        )
    for parser in actions.choices.values():
        parser.add_argument("--home")
        parser.add_argument("--wall-time", help="ISO time of now (default: now)")
        parser.set_defaults(run=lambda arguments: _run(arguments, clock, as_json))


def _run(arguments: argparse.Namespace, clock: Clock, as_json: Json) -> int:
    settings = load_settings(home=arguments.home)
    wall_time = clock(arguments.wall_time, settings.timezone)
    if arguments.action == "list":
        _list(arguments, settings, wall_time, as_json)
    elif arguments.action == "show":
        _show(arguments, settings, wall_time, as_json)
    else:
        _answer(arguments, settings, wall_time)
    return 0


def _list(
    arguments: argparse.Namespace, settings: Settings, wall_time: datetime, as_json: Json
) -> None:
    from keyaccounts.alerts.inbox import WAITING, read_inbox
    from keyaccounts.alerts.model import SEVERITIES
    from keyaccounts.reports.inbox import item_facts, item_lines

    unknown = set(arguments.severity or ()) - set(SEVERITIES)
    if unknown:
        raise ConfigurationError(f"--severity {unknown.pop()} is none of {', '.join(SEVERITIES)}")
    items = [
        item
        for item in read_inbox(settings, wall_time).items
        if (arguments.all or item.status in WAITING)
        and arguments.owner in (None, item.owner_user_id, item.entry.recipient)
        and arguments.account in (None, item.entry.account_id, item.entry.unit_id)
        and item.entry.severity in (arguments.severity or (item.entry.severity,))
        and item.entry.alert_type in (arguments.type or (item.entry.alert_type,))
    ]
    facts = [item_facts(item) for item in items]
    print(as_json(facts) if arguments.json else "\n".join(item_lines(items, arguments.rows)))


def _show(
    arguments: argparse.Namespace, settings: Settings, wall_time: datetime, as_json: Json
) -> None:
    from keyaccounts.alerts.inbox import history, read_inbox
    from keyaccounts.reports.inbox import item_facts, show_lines

    inbox = read_inbox(settings, wall_time)
    item = inbox.find(arguments.alert)
    told = history(settings, item)
    if arguments.json:
        keys = ("at", "what", "who", "why")
        print(
            as_json(
                {**item_facts(item), "history": [dict(zip(keys, t, strict=True)) for t in told]}
            )
        )
        return
    print("\n".join(show_lines(item, told, inbox.as_of_date, settings.timezone)))


def _answer(arguments: argparse.Namespace, settings: Settings, wall_time: datetime) -> None:
    from keyaccounts.alerts.inbox import answer, snooze_account
    from keyaccounts.reports.inbox import answer_line

    said: dict[str, Any] = {"actor": arguments.by or _login(), "at": wall_time}
    until = parse_date(arguments.until) if arguments.action == "snooze" else None
    account = getattr(arguments, "account", None)
    if bool(account) == bool(arguments.alert):
        raise ConfigurationError(
            f"alerts {arguments.action}: name one or more alerts"
            + (", or --account" if arguments.action == "snooze" else "")
        )
    if account and until:
        print(snooze_account(settings, account, until=until, reason=arguments.reason, **said))
        return
    action = ANSWERS[arguments.action][0]
    for item in answer(
        settings, arguments.alert, action, until=until, reason=arguments.reason, **said
    ):
        print(answer_line(item, action))


def _login() -> str:
    try:
        return getpass.getuser()
    except OSError as error:
        raise ConfigurationError("who answers? this machine knows no user: give --by") from error
