"""Chats and webhooks: real HTTP servers that take, refuse, fall silent, or only seem to take."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from keyaccounts.alerts import chats, schema
from keyaccounts.alerts.chats import ChatChannel, chat_channels, shortened
from keyaccounts.alerts.notify import deliver_pending, tell_data_engineers
from keyaccounts.errors import ConfigurationError
from keyaccounts.settings import Run
from keyaccounts.texts import ENGLISH

from .conftest import TUESDAY, Desk, at, drop_payload, event

SECRET = "b5f0c1d2-SECRET-9a7e"
DROP = event(payload=drop_payload())
MORE = ENGLISH("chat.rest")


def days(count: int) -> date:
    return TUESDAY + timedelta(days=count)


@dataclass
class Server:
    """Keeps what is posted; answers what it is told to, `(200, "{}")` for ever after."""

    port: int = 0
    posts: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)
    usual: str = "{}"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def bodies(self) -> list[dict[str, Any]]:
        return [body for _, body, _ in self.posts]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.posts.append((self.path, body, dict(self.headers)))
            status, text = server.answers.pop(0) if server.answers else (200, server.usual)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.port = http.server_port
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield server
    http.shutdown()
    http.server_close()


Chatting = Callable[..., Desk]


@pytest.fixture
def chatting(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chatting:
    """Return a desk whose chats stand in a file, each with its address in a variable."""

    def make(*entries: tuple[str, str], **more: Any) -> Desk:
        written = []
        for name, url in entries:
            monkeypatch.setenv(f"CHAT_{name.upper()}", url)
            written.append({"name": name, "url_env": f"CHAT_{name.upper()}", **more})
        file = tmp_path / "chats.yml"
        file.write_text(json.dumps(written), "utf-8")
        return desk.with_settings(chats=file)

    return make


def states(desk: Desk, channel: str) -> list[str]:
    return [row["status"] for row in desk.rows(schema.messages) if row["channel"] == channel]


def test_a_webhook_gets_what_the_mail_says_under_the_same_key(
    chatting: Chatting, server: Server
) -> None:
    desk = chatting(("hook", f"json://{server.address}/here"))
    desk.night(TUESDAY, [DROP])
    ((path, body, headers),) = server.posts
    assert path.startswith("/here")
    assert body["title"] == desk.channel.sent[0]["Subject"]
    assert body["message"].startswith("To: Li Wei\n")
    assert "Next step: Call first" in body["message"]
    assert headers["X-Keyaccounts-Key"] == desk.channel.keys[0]
    assert states(desk, "hook") == ["sent"]


@pytest.mark.parametrize("answers", [[(500, "")], [(429, "slow down")], [(404, "")]])
def test_a_chat_that_refuses_delays_and_neither_loses_nor_doubles(
    chatting: Chatting, server: Server, answers: list[tuple[int, str]]
) -> None:
    server.answers = list(answers)
    desk = chatting(("hook", f"json://{server.address}/here"))
    summary = desk.night(TUESDAY, [DROP])
    assert summary["deliveries"]["failed"] == 1
    assert (states(desk, "hook"), len(desk.channel.sent)) == (["pending"], 1)
    for _ in range(3):
        deliver_pending(
            desk.settings, wall_time=at(TUESDAY, 10), channels=[desk.channel],
            log=desk.lines.append,
        )  # fmt: skip
    assert (states(desk, "hook"), len(server.posts)) == (["sent"], 2)
    assert len(desk.channel.sent) == 1


def test_a_chat_that_is_down_is_made_up_for_and_shows_no_secret(
    chatting: Chatting, server: Server
) -> None:
    desk = chatting(("hook", f"json://user:{SECRET}@127.0.0.1:1/{SECRET}"))
    desk.night(TUESDAY, [DROP])
    assert states(desk, "hook") == ["pending"]
    (error,) = {r["last_error"] for r in desk.rows(schema.messages) if r["channel"] == "hook"}
    assert "hook" in error
    assert SECRET not in error + "".join(desk.lines)
    chatting(("hook", f"json://{server.address}/here")).night(days(1), [DROP])
    assert (states(desk, "hook"), len(server.posts)) == (["sent"], 1)


def test_nobody_is_reached_at_night(chatting: Chatting, server: Server) -> None:
    desk = chatting(("hook", f"json://{server.address}/here"))
    desk.night(TUESDAY, [DROP], hour=3)
    assert (states(desk, "hook"), server.posts) == (["pending"], [])


@pytest.mark.parametrize(
    ("more", "hooked", "mailed"),
    [
        ({}, ["Ana", "Li Wei"], ["ana@firm.test", "li@firm.test"]),
        ({"to": ["am2"]}, ["Ana"], ["ana@firm.test", "li@firm.test"]),
        ({"to": ["am2"], "instead_of_mail": True}, ["Ana"], ["li@firm.test"]),
        ({"to": ["nobody"]}, [], ["ana@firm.test", "li@firm.test"]),
    ],
)
def test_who_gets_what_where(
    chatting: Chatting, server: Server, more: dict[str, Any], hooked: list[str], mailed: list[str]
) -> None:
    desk = chatting(("hook", f"json://{server.address}/"), **more)
    desk.night(TUESDAY, [DROP, event("ACC2", owner_user_id="am2")])
    told = sorted(body["message"].split("\n")[0].removeprefix("To: ") for body in server.bodies())
    assert told == hooked
    assert sorted(m["To"].addresses[0].addr_spec for m in desk.channel.sent) == mailed


@pytest.mark.parametrize("address", [None, "finance@firm.test"])
@pytest.mark.parametrize("is_named", [False, True])
def test_what_is_for_finance_control_goes_to_no_chat_that_does_not_name_them(
    chatting: Chatting, server: Server, address: str | None, is_named: bool
) -> None:
    more = {"to": [address or "finance_control"]} if is_named else {}
    desk = chatting(("hook", f"json://{server.address}/"), **more)
    review = event(
        "am1", alert_type="owner_drag_review", unit_type="owner", account_id=None,
        audience="finance_control", severity="high", from_value=None, to_value=None,
    )  # fmt: skip
    desk.with_settings(finance_control=address).night(TUESDAY, [review])
    assert len(server.posts) == is_named


def test_a_person_without_an_address_is_reached_by_chat(chatting: Chatting, server: Server) -> None:
    desk = chatting(("hook", f"json://{server.address}/")).with_settings(fallback_manager=None)
    desk.night(TUESDAY, [event(owner_user_id=None)])
    assert (states(desk, "hook"), desk.channel.sent) == (["sent"], [])


def test_a_failed_run_is_told_to_the_chat_of_the_data_engineers(
    chatting: Chatting, server: Server
) -> None:
    desk = chatting(("ops", f"json://{server.address}/"), to=["data@firm.test"])
    desk.night(TUESDAY, [DROP])
    counts = tell_data_engineers(
        desk.settings, Run(days(-1), at(TUESDAY, 3)), "Run failed", ["build: out of disk"],
        channels=[], log=desk.lines.append,
    )  # fmt: skip
    assert counts == {"sent": 2, "failed": 0}
    assert [body["title"] for body in server.bodies()] == ["Run failed"]


@pytest.mark.parametrize(
    ("scheme", "constant", "query"),
    [("wecombot", "WECOM", "key"), ("dingtalk", "DINGTALK", "access_token")],
)
def test_wecom_and_dingtalk_take_a_message_only_with_error_code_zero(
    chatting: Chatting,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    constant: str,
    query: str,
) -> None:
    monkeypatch.setattr(chats, constant, f"http://{server.address}/send")
    server.usual = '{"errcode": 0, "errmsg": "ok"}'
    server.answers = [
        (200, '{"errcode": 45009, "errmsg": "api freq out of limit"}'), (200, "<html>"),
        (200, "[1]"),
        (502, ""),
        (500, '{"errcode": 0}'),
    ]  # fmt: skip
    desk = chatting(("team", f"{scheme}://{SECRET}"))
    desk.night(TUESDAY, [DROP])
    assert any("team: HTTP 200, 45009 api freq out of limit" in line for line in desk.lines)
    for tried in range(1, 7):
        assert (states(desk, "team"), len(server.posts)) == (["pending"], tried)
        deliver_pending(
            desk.settings, wall_time=at(TUESDAY, 10), channels=[desk.channel],
            log=desk.lines.append,
        )  # fmt: skip
        if tried == 5:
            break
    assert (states(desk, "team"), len(server.posts)) == (["sent"], 6)
    assert sum("no answer of its API" in line for line in desk.lines) == 3
    path, body, _ = server.posts[-1]
    assert parse_qs(urlsplit(path).query) == {query: [SECRET]}
    assert body["msgtype"] == "text"
    assert body["text"]["content"].startswith("[HIGH] Blue River Pumps Ltd drops from A to B\n")
    assert SECRET not in "".join(desk.lines)


def test_dingtalk_signs_when_there_is_a_secret(
    desk: Desk, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chats, "DINGTALK", f"http://{server.address}/send")
    server.usual = '{"errcode": 0}'
    desk.night(TUESDAY, [DROP])
    chat = ChatChannel("team", "dingtalk://SECabc@Tok3n", clock=lambda: 1775520000.1234)
    chat.send(desk.channel.sent[0])
    query = {k: v[0] for k, v in parse_qs(urlsplit(server.posts[0][0]).query).items()}
    assert (query["access_token"], query["timestamp"]) == ("Tok3n", "1775520000123")
    signed = hmac.new(b"SECabc", b"1775520000123\nSECabc", hashlib.sha256).digest()
    assert query["sign"] == base64.b64encode(signed).decode()


def test_feishu_takes_a_message_only_with_code_zero(
    chatting: Chatting, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apprise.plugins.feishu import NotifyFeishu

    monkeypatch.setattr(NotifyFeishu, "notify_url", f"http://{server.address}/hook/{{token}}/")
    server.answers = [(200, '{"code": 9499, "msg": "Bad Request", "data": {}}')]
    server.usual = '{"code": 0, "msg": "success", "data": {}}'
    desk = chatting(("team", f"feishu://{'a' * 36}"))
    desk.night(TUESDAY, [DROP])
    assert states(desk, "team") == ["pending"]
    desk.night(days(1), [DROP])
    assert states(desk, "team") == ["sent"]


@pytest.mark.parametrize("limit", [60, 61, 62, 63, 200])
def test_a_long_text_loses_whole_lines_and_says_so(limit: int) -> None:
    text = "\n".join(f"重要客户 {n}" for n in range(9))
    short = shortened(text, limit, MORE)
    assert len(short.encode("utf-8")) <= limit
    assert short == text if limit == 200 else short.endswith(MORE)
    assert set(short.splitlines()) <= {*text.splitlines(), MORE}


def test_one_line_that_is_too_long_is_cut_between_letters() -> None:
    short = shortened("客" * 100, 101, MORE)
    assert len(short.encode("utf-8")) <= 101
    assert short.startswith("客客")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x", "a list of chats is expected"),
        ("- just a word", "a list of chats is expected"),
        ("- {name: a", "chats.yml"),
        ("- {url_env: CHAT_A}", "chat 1: name must be"),
        ("- {name: outbox, url_env: CHAT_A}", "name must be"),
        ("- {name: a}", "url_env names the variable"),
        ("- {name: a, url_env: NOT_THERE}", "NOT_THERE is not set"),
        ("- {name: a, url_env: CHAT_A, too: [x]}", "chat 1 (a): too is none of"),
        ("- {name: a, url_env: CHAT_A, to: am1}", "to is a list"),
        ("- {name: a, url_env: CHAT_A}\n- {name: a, url_env: CHAT_A}", "a name of its own"),
        ("- {name: a, url_env: CHAT_BAD}", "Apprise does not understand its address"),
    ],
)
def test_a_wrong_file_says_what_to_mend_and_shows_no_address(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setenv("CHAT_A", f"json://127.0.0.1:1/{SECRET}")
    monkeypatch.setenv("CHAT_BAD", f"nothing://{SECRET}")
    file = tmp_path / "chats.yml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as error:
        chat_channels(desk.with_settings(chats=file).settings)
    assert said in str(error.value)
    assert SECRET not in str(error.value)
