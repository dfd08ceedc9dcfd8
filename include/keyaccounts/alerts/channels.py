"""Ways out: files in the outbox, always; SMTP or an injected channel, when there is one."""

from __future__ import annotations

import hashlib
import os
import re
import smtplib
import ssl
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from keyaccounts.alerts.formats import one_line
from keyaccounts.alerts.model import Message
from keyaccounts.errors import ConfigurationError

OUTBOX = "outbox"
SMTP_TIMEOUT_SECONDS = 30
NO_ADDRESS_DOMAIN = "no-address.invalid"
IMAGE = re.compile(r'src="data:image/png;base64,([A-Za-z0-9+/=]+)"')
"""Only we write one: what a source says is escaped."""
DEFAULT_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class Channel(Protocol):
    """Anything that can send a mail; an optional attribute `name` tells channels apart."""

    def send(self, message: EmailMessage) -> None:
        """Send, or raise any exception: the message then stays pending."""


def takers(channels: Mapping[str, Channel], recipient: str) -> list[str]:
    """Return the names of the channels that a message to `recipient` goes to.

    A chat says itself whose messages it takes, and whether it takes the place of the mail.
    """
    taking = {n: c for n, c in channels.items() if getattr(c, "takes", _everybody)(recipient)}
    is_instead = any(getattr(channel, "instead_of_mail", False) for channel in taking.values())
    return [
        name
        for name, channel in taking.items()
        if not is_instead or not getattr(channel, "needs_address", True)
    ]


def _everybody(_recipient: str) -> bool:
    return True


def channel_name(channel: Channel) -> str:
    """Return the name under which the ledger knows a channel."""
    return str(getattr(channel, "name", type(channel).__name__.lower()))


@dataclass(frozen=True)
class SmtpChannel:
    """A mail server at `smtp://`, `smtp+starttls://` or `smtps://[user:password@]host[:port]`."""

    url: str = field(repr=False)
    context: ssl.SSLContext | None = None
    """For TLS; default: the system's certificate authorities."""
    name: str = "smtp"

    def __post_init__(self) -> None:
        """Raise ConfigurationError, without the password, when the address does not parse."""
        try:
            parts = urlsplit(self.url)
            is_valid = parts.scheme in DEFAULT_PORTS and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_valid = False
        if not is_valid:
            raise ConfigurationError(
                "smtp_url must be smtp://, smtp+starttls:// or smtps://[user:password@]host[:port]"
            )

    def send(self, message: EmailMessage) -> None:
        """Send one mail; raises OSError (smtplib's errors are OSErrors)."""
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
        with self._connect(parts.scheme, host, port) as server:
            if parts.scheme == "smtp+starttls":
                server.starttls(context=self._tls())
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)

    def _connect(self, scheme: str, host: str, port: int) -> smtplib.SMTP:
        if scheme == "smtps":
            return smtplib.SMTP_SSL(host, port, timeout=SMTP_TIMEOUT_SECONDS, context=self._tls())
        return smtplib.SMTP(host, port, timeout=SMTP_TIMEOUT_SECONDS)

    def _tls(self) -> ssl.SSLContext:
        return self.context or ssl.create_default_context()


@dataclass(frozen=True)
class Outbox:
    """Messages as files: `<folder>/<as_of_date>/<recipient>-<key>.eml`, `.txt` and `.html`."""

    folder: Path

    def write(self, message: Message, email: EmailMessage, as_of_date: date) -> Path:
        """Write the three files, each whole or not at all, and return the path of the mail.

        The same message overwrites itself. Raises OSError.
        """
        day = self.folder / as_of_date.isoformat()
        day.mkdir(parents=True, exist_ok=True)
        stem = f"{slug(message.recipient)}-{message.key[:16]}"
        _write_whole(day / f"{stem}.txt", message.text.encode("utf-8"))
        _write_whole(day / f"{stem}.html", message.html.encode("utf-8"))
        _write_whole(day / f"{stem}.eml", email.as_bytes(policy=SMTP_POLICY))
        return day / f"{stem}.eml"


def build_email(
    message: Message, *, sender: str, name: str, address: str | None, created_at: datetime
) -> EmailMessage:
    """Return the mail of a message: the same message gives the same bytes.

    Without an address the mail is made out to `<recipient>@no-address.invalid`; only the outbox
    takes such a mail.
    """
    email = EmailMessage()
    local, _, domain = (address or f"{slug(message.recipient)}@{NO_ADDRESS_DOMAIN}").partition("@")
    sender_name, sender_address = parseaddr(sender)
    sender_local, _, sender_domain = sender_address.partition("@")
    email["Subject"] = one_line(message.subject)
    email["From"] = Address(one_line(sender_name or "Keyaccounts"), sender_local, sender_domain)
    email["To"] = Address(one_line(name), local, domain)
    email["Date"] = format_datetime(created_at)
    domain_here = sender_domain or "keyaccounts"
    email["Message-ID"] = f"<{message.key}@{domain_here}>"
    email["X-Keyaccounts-Key"] = message.key
    email["Auto-Submitted"] = "auto-generated"
    email.set_content(message.text, cte="quoted-printable")
    html, images = _apart(message.html, domain_here)
    email.add_alternative(html, subtype="html", cte="quoted-printable")
    if images:
        page = email.get_payload()[1]  # type: ignore[index]
        for cid, image in images.items():
            page.add_related(image, "image", "png", cid=f"<{cid}>", disposition="inline")  # type: ignore[union-attr]
        page.set_boundary(f"=_{message.key}_html")  # type: ignore[union-attr]
    email.set_boundary(f"=_{message.key}")
    return email


def _apart(html: str, domain: str) -> tuple[str, dict[str, bytes]]:
    """Return a page whose images stand beside it, by id: mail programs show no `data:` address."""
    images: dict[str, bytes] = {}

    def address(found: re.Match[str]) -> str:
        image = b64decode(found[1])
        cid = f"{hashlib.sha256(image).hexdigest()[:32]}@{domain}"
        images[cid] = image
        return f'src="cid:{cid}"'

    return IMAGE.sub(address, html), images


def slug(text: str) -> str:
    """Return `text` as a part of a file name or of an address."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_")[:80] or "unknown"


def _write_whole(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
