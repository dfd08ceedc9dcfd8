"""Who looks at the pages, and what that person may do."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from itsdangerous import BadData, URLSafeTimedSerializer

from keyaccounts.alerts.inbox import Item
from keyaccounts.alerts.links import is_signed, link_secret
from keyaccounts.settings import Settings
from keyaccounts.texts import ENGLISH, Texts

FORM_SECONDS = 12 * 3600


class RefusedError(HTTPException):
    """A refusal that the page tells in the language of its readers; its detail is English."""

    def __init__(self, status: int, key: str, **facts: object) -> None:
        """Take the HTTP status, the key of a text and its facts."""
        self.key, self.facts = key, facts
        super().__init__(status, self.told(ENGLISH))

    def told(self, texts: Texts) -> str:
        """Return why, in a language."""
        return texts(self.key, **self.facts)


@dataclass(frozen=True)
class Visitor:
    """A person who is logged in."""

    name: str
    may_answer: bool = False
    sees_confidential: bool = False


def may_read(settings: Settings, visitor: Visitor, item: Item, key: str) -> bool:
    """Say whether a visitor may read an alert; `key` is what the link in the message carries."""
    if not item.is_confidential or visitor.sees_confidential:
        return True
    return is_signed(link_secret(settings.home), item.alert_id, key)


def form_token(settings: Settings, visitor: Visitor) -> str:
    """Return what a form of this visitor has to carry; it holds for twelve hours."""
    return _tokens(settings).dumps(visitor.name)


def check_form(settings: Settings, request: Request, visitor: Visitor, token: str) -> None:
    """Raise RefusedError 403 unless these pages gave the form to this visitor, who may answer."""
    if not visitor.may_answer:
        raise RefusedError(403, "refusal.reads_only")
    origin = request.headers.get("origin")
    # Behind a proxy the name that people know is that of the setting.
    own = {request.headers.get("host"), urlsplit(settings.airflow_url or "").netloc}
    if origin and urlsplit(origin).netloc not in own - {""}:
        raise RefusedError(403, "refusal.other_site")
    try:
        given = _tokens(settings).loads(token, max_age=FORM_SECONDS)
    except BadData as error:
        raise RefusedError(403, "refusal.too_old") from error
    if given != visitor.name:
        raise RefusedError(403, "refusal.somebody_else")


def _tokens(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(link_secret(settings.home), salt="form")
