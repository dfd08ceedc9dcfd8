"""Chats and webhooks beside the mail: who gets what there, and how it is sent.

WeCom and DingTalk answer 200 and say in the body that they took nothing: Apprise would count that
as sent, so these two are spoken to here. All other addresses are Apprise's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import yaml

from keyaccounts.alerts.errors import ChatRefusedError
from keyaccounts.alerts.formats import one_line
from keyaccounts.alerts.model import FINANCE_CONTROL
from keyaccounts.errors import ConfigurationError
from keyaccounts.settings import Settings, environment_value
from keyaccounts.texts import ENGLISH, Texts, texts_in

TIMEOUT_SECONDS = 30
WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"
DINGTALK = "https://oapi.dingtalk.com/robot/send"
LONGEST = {"wecombot": 2048, "dingtalk": 20_000}
"""Bytes of UTF-8 that a text may have."""
KEYS = {"name", "url_env", "to", "instead_of_mail"}
NAME = re.compile(r"[a-z][a-z0-9_-]*")


@dataclass(frozen=True)
class ChatChannel:
    """One chat; `to` are those whose messages it gets, nobody named means everybody.

    Those of `reserved` are not among everybody: a chat has to name them.
    """

    name: str
    url: str = field(repr=False)
    to: frozenset[str] = frozenset()
    instead_of_mail: bool = False
    reserved: frozenset[str] = frozenset()
    texts: Texts = ENGLISH
    clock: Callable[[], float] = time.time
    """Seconds since 1970, which DingTalk wants signed."""
    needs_address = False

    def takes(self, recipient: str) -> bool:
        """Say whether the chat gets the messages of a recipient."""
        return recipient in self.to if self.to else recipient not in self.reserved

    def send(self, message: EmailMessage) -> None:
        """Send one message as text; raises ChatRefusedError, and OSError when nobody answers."""
        scheme = urlsplit(self.url).scheme
        title, text = str(message["Subject"]), self._text(message)
        if scheme in LONGEST:
            whole = f"{title}\n\n{text}"
            self._post(scheme, shortened(whole, LONGEST[scheme], self.texts("chat.rest")))
        else:
            self._notify(title, text, str(message["X-Keyaccounts-Key"]))

    def _text(self, message: EmailMessage) -> str:
        body = message.get_body(("plain",))
        text = body.get_content() if body is not None else ""
        name = message["To"].addresses[0].display_name
        return f"{self.texts('chat.to', name=name)}\n\n{text}".strip()

    def _post(self, scheme: str, text: str) -> None:
        import requests

        address = self._bot(scheme)
        body: dict[str, Any] = {"msgtype": "text", "text": {"content": text}}
        try:
            answer = requests.post(address, json=body, timeout=TIMEOUT_SECONDS)
        except requests.RequestException as error:
            # The error repeats the address, and with it the secret.
            raise ChatRefusedError(f"{self.name}: {type(error).__name__}") from None
        try:
            said = answer.json()
        except ValueError:
            said = {}
        said = said if isinstance(said, dict) else {}
        if answer.ok and said.get("errcode") == 0:
            return
        why = f"{said.get('errcode')} {said.get('errmsg')}" if said else "no answer of its API"
        raise ChatRefusedError(f"{self.name}: HTTP {answer.status_code}, {one_line(why)}")

    def _bot(self, scheme: str) -> str:
        parts = urlsplit(self.url)
        # Of `netloc`, as `hostname` would be in lower case.
        token = quote(unquote(parts.netloc.rpartition("@")[2]), safe="")
        secret = unquote(parts.username or "")
        if scheme == "wecombot":
            return f"{WECOM}?key={token}"
        if not secret:
            return f"{DINGTALK}?access_token={token}"
        stamp = round(self.clock() * 1000)
        signed = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
        signature = quote(base64.b64encode(signed).decode(), safe="")
        return f"{DINGTALK}?access_token={token}&timestamp={stamp}&sign={signature}"

    def _notify(self, title: str, text: str, key: str) -> None:
        from apprise import Apprise, LogCapture, NotifyFormat, OverflowMode

        chat = _plugin(self.name, self.url)
        chat.overflow_mode = OverflowMode.TRUNCATE
        if isinstance(headers := getattr(chat, "headers", None), dict):
            headers["X-Keyaccounts-Key"] = key
        sender = Apprise()
        sender.add(chat)
        with LogCapture() as log:  # type: ignore[no-untyped-call]
            is_taken = sender.notify(title=title, body=text, body_format=NotifyFormat.TEXT)
            said = log.getvalue().strip().splitlines()
        if not is_taken:
            why = _without_secrets(said[-1] if said else "not taken", self.url)
            raise ChatRefusedError(f"{self.name}: {one_line(why, 300)}")


def chat_channels(settings: Settings) -> list[ChatChannel]:
    """Return the chats of the file `chats`; raises ConfigurationError, which shows no address."""
    if settings.chats is None:
        return []
    # What finance control is told is nobody else's, unless somebody says so.
    reserved = frozenset({settings.finance_control or FINANCE_CONTROL})
    return [
        replace(
            _channel(settings.chats, number, facts),
            reserved=reserved,
            texts=texts_in(settings.language),
        )
        for number, facts in _entries(settings.chats)
    ]


def shortened(text: str, limit: int, more: str) -> str:
    """Return the lines of a text that fit into so many bytes, and a word about the rest."""
    if len(text.encode("utf-8")) <= limit:
        return text
    room, kept = limit - len(f"\n{more}".encode()), ""
    for line in text.splitlines(keepends=True):
        if len((kept + line).encode("utf-8")) > room:
            break
        kept += line
    kept = kept or text.encode("utf-8")[:room].decode("utf-8", "ignore")
    return f"{kept.rstrip()}\n{more}"


def _entries(file: Path) -> list[tuple[int, Mapping[str, Any]]]:
    try:
        entries = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"chats {file}: {one_line(error, 300)}") from error
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise ConfigurationError(f"chats {file}: a list of chats is expected, each with a name")
    names = [one.get("name") for one in entries]
    if len(set(map(str, names))) < len(names):
        raise ConfigurationError(f"chats {file}: every chat needs a name of its own")
    return list(enumerate(entries, 1))


def _channel(file: Path, number: int, facts: Mapping[str, Any]) -> ChatChannel:
    name = str(facts.get("name") or "")
    where = f"chats {file}, chat {number}" + (f" ({name})" if name else "")
    unknown = sorted(set(map(str, facts)) - KEYS)
    if unknown:
        raise ConfigurationError(f"{where}: {unknown[0]} is none of {', '.join(sorted(KEYS))}")
    if not NAME.fullmatch(name) or name in {"outbox", "smtp"}:
        raise ConfigurationError(f"{where}: name must be lower-case letters, digits, - and _")
    variable, to = str(facts.get("url_env") or ""), facts.get("to") or []
    url = environment_value(variable) if variable else None
    if not url:
        raise ConfigurationError(
            f"{where}: url_env names the variable that holds the address of the chat, "
            f"{variable or 'none'} is not set"
        )
    if not isinstance(to, list):
        raise ConfigurationError(f"{where}: to is a list of user ids or mail addresses")
    if urlsplit(url).scheme not in LONGEST:
        _plugin(name, url)
    return ChatChannel(
        name, url, frozenset(map(str, to)), instead_of_mail=facts.get("instead_of_mail") is True
    )


def _plugin(name: str, url: str) -> Any:
    from apprise import Apprise

    chat = Apprise.instantiate(url)
    if chat is None:
        raise ConfigurationError(
            f"chat {name}: Apprise does not understand its address; it begins like wecombot://, "
            "dingtalk://, feishu://, slack://, workflows:// (Teams) or json:// (a webhook)"
        )
    return chat


def _without_secrets(text: str, url: str) -> str:
    """Return a text in which no part of an address stands that could be a secret."""
    for part in sorted(re.split(r"[/:@?&=]+", url), key=len, reverse=True):
        if len(part) >= 8:
            text = text.replace(part, "…").replace(unquote(part), "…")
    return text
