"""Lays out a page; every text of a source is escaped."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from keyaccounts.alerts.formats import one_line
from keyaccounts.pages.answers import CHOICES
from keyaccounts.texts import Texts

TEMPLATES = Path(__file__).with_name("templates")


def page(name: str, told: dict[str, Any], texts: Texts) -> str:
    """Return the HTML of a page; `told` holds what its template asks for."""
    template = _environment(texts).get_template(f"{name}.html.j2")
    return template.render(choices=CHOICES, t=texts, **told)


@cache
def _environment(texts: Texts) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip

    def day(value: date | str | None) -> str:
        """Return a day as the language writes it."""
        return texts.day(date.fromisoformat(str(value)[:10])) if value else ""

    def time(value: datetime | str, timezone: str) -> str:
        """Return an instant in the business time zone, to the minute."""
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
        return texts.minute(instant, timezone)

    environment.filters.update(line=one_line, day=day, time=time)
    return environment
