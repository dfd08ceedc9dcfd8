"""Links in messages: to an account, and to an alert on the Airflow page.

The link to an alert is signed: who came by it, and is logged in, may read that alert though it is
confidential. The secret lies in the home, readable by its owner alone.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from keyaccounts.settings import Settings

PREFIX = "/keyaccounts"
"""Where the page lies below the address of Airflow."""
SECRET_FILE = "link_secret"


@dataclass(frozen=True)
class Links:
    """Starts of links; an empty one means that there is none."""

    account_base: str = ""
    page: str = ""
    secret: str = ""

    def account(self, account_id: str | None) -> str:
        """Return the link to an account, to all of them without an id, or nothing."""
        return self.account_base + quote(account_id or "", safe="") if self.account_base else ""

    def alert(self, event_key: str) -> str:
        """Return the signed link to an alert, or nothing."""
        if not self.page:
            return ""
        alert_id = alert_id_of(event_key)
        return f"{self.page}/alerts/{alert_id}?key={signature(self.secret, alert_id)}"

    @property
    def more(self) -> str:
        """Where the alerts are that a message has no room for."""
        return f"{self.page}/alerts" if self.page else self.account_base


NO_LINKS = Links()


def links_of(settings: Settings) -> Links:
    """Return the links that the settings allow; raises OSError when the secret cannot be kept."""
    airflow, accounts = web_address(settings.airflow_url), web_address(settings.link_base)
    page = airflow.rstrip("/") + PREFIX if airflow else ""
    return Links(
        account_base=accounts or (f"{page}/accounts/" if page else ""),
        page=page,
        secret=link_secret(settings.home) if page else "",
    )


def alert_id_of(event_key: str) -> str:
    """Return the eight hexadecimal digits by which people name an alert."""
    return hashlib.sha256(event_key.encode("utf-8")).hexdigest()[:8]


def signature(secret: str, text: str) -> str:
    """Return what proves that a link was made here: 32 hexadecimal digits (HMAC-SHA256)."""
    return hmac.new(secret.encode(), text.encode("utf-8"), hashlib.sha256).hexdigest()[:32]


def is_signed(secret: str, text: str, given: str) -> bool:
    """Say whether `given` is the signature of `text`."""
    return hmac.compare_digest(signature(secret, text).encode(), given.encode("utf-8"))


def link_secret(home: Path) -> str:
    """Return the secret of a home, made at first use; raises OSError."""
    file = home / SECRET_FILE
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if kept := file.read_text("utf-8"):
            return kept
        handle = os.open(file, os.O_WRONLY)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(secrets.token_urlsafe(32))
    return file.read_text("utf-8")


def web_address(address: str | None) -> str:
    """Return an address that a browser opens, or nothing."""
    return address if address and address.startswith(("http://", "https://")) else ""
