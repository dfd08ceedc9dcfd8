"""Lay a mail out as plain text and HTML, and give it its idempotency key."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from keyaccounts.alerts.blocks import Block
from keyaccounts.alerts.formats import one_line, padded
from keyaccounts.alerts.model import Message
from keyaccounts.texts import ENGLISH, Texts

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Section:
    """A titled list; `count` may exceed the lines that are shown."""

    title: str
    lines: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Mail:
    """What one message shows; texts are clean lines, HTML is escaped when laid out."""

    subject: str
    footer: str
    lines: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    more_count: int = 0
    sections: tuple[Section, ...] = ()
    link: str = ""
    texts: Texts = ENGLISH


def render(
    mail: Mail,
    recipient: str,
    parts: Collection[str],
    *,
    is_urgent: bool = False,
    event_keys: Collection[str] = (),
    line_ids: Collection[int] = (),
) -> Message:
    """Return the finished message; `parts` names its contents and makes its key."""
    environment = _environment()
    return Message(
        key=message_key(recipient, parts),
        recipient=recipient,
        subject=one_line(mail.subject, 150),
        text=environment.get_template("message.txt.j2").render(mail=mail, t=mail.texts),
        html=environment.get_template("message.html.j2").render(mail=mail, t=mail.texts),
        is_urgent=is_urgent,
        event_keys=tuple(sorted(event_keys)),
        line_ids=tuple(sorted(line_ids)),
    )


def message_key(recipient: str, parts: Collection[str]) -> str:
    """Return the idempotency key (32 hex digits) of a recipient and the named contents."""
    text = "\n".join([recipient, *sorted(parts)])
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["padded"] = padded
    return environment
