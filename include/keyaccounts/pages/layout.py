"""Lays out a page; every text of a source is escaped."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from keyaccounts.alerts.formats import one_line
from keyaccounts.pages.answers import CHOICES
from keyaccounts.reports.figures import words

TEMPLATES = Path(__file__).with_name("templates")


def page(name: str, told: dict[str, Any]) -> str:
    """Return the HTML of a page; `told` holds what its template asks for."""
    return _environment().get_template(f"{name}.html.j2").render(choices=CHOICES, **told)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(line=one_line, words=words, time=_time, count=_count)
    return environment


def _time(value: datetime | str, timezone: str) -> str:
    """Return an instant in the business time zone, to the minute."""
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    return instant.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
