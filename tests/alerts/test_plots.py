"""The plots in a mail: the course of the account, as an image beside the page, said in words."""

from __future__ import annotations

import email
import json
import re
import zlib
from dataclasses import replace
from datetime import date, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import duckdb
import pytest
import vl_convert

from keyaccounts.alerts.plots import MONTH_ENDS
from keyaccounts.reports import charts

from .conftest import TUESDAY, Desk, at, drop_payload, event

PLOT = re.compile(r'<img src="([^"]+)" alt="([^"]*)"')
HOLD = {"alert_type": "credit_hold", "unit_type": "account", "from_value": None, "to_value": None}


def month_ends(count: int) -> list[date]:
    """Return so many month-ends up to the last one before the night."""
    found, day = [], date(2026, 3, 31)
    for _ in range(count):
        found.append(day)
        day = day.replace(day=1) - timedelta(days=1)
    return found[::-1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A version with two years of ACC1 and its child, two months of ACC2, nothing of ACC3."""
    with duckdb.connect(str(tmp_path / "keyaccounts.duckdb")) as bi:
        bi.execute("create schema marts")
        bi.execute("create table marts.accounts (account_id varchar, tier_unit_id varchar)")
        bi.execute(
            "insert into marts.accounts values ('ACC1', 'ACC1'), ('CHILD', 'ACC1'),"
            " ('ACC2', 'ACC2'), ('ACC3', 'ACC3')"
        )
        bi.execute(
            "create table marts.account_tiers (month_end date, tier_unit_id varchar,"
            " ttm_net_revenue_amount decimal(18,2), ttm_profit_amount decimal(18,2))"
        )
        bi.execute(
            "create table marts.receivables_aging (as_of_date date, is_month_end boolean,"
            " account_id varchar, current_amount decimal(18,2), overdue_amount decimal(18,2))"
        )
        for unit, count in (("ACC1", 30), ("ACC2", 2)):
            for number, day in enumerate(month_ends(count)):
                bi.execute(
                    "insert into marts.account_tiers values (?, ?, ?, ?)",
                    [day, unit, 1_000_000 - 1000 * number, 250_000 - 500 * number],
                )
                bi.execute(
                    "insert into marts.receivables_aging values (?, true, ?, ?, ?)",
                    [day, unit, 5000 + number, 100 * number],
                )
        bi.execute("insert into marts.receivables_aging values ('2026-04-06', false, 'ACC1', 1, 1)")
    return tmp_path


def told(desk: Desk, folder: Path, *events: dict[str, Any], **changes: Any) -> list[EmailMessage]:
    """Publish events with the version of the folder; return the mails of the night."""
    desk = desk.with_settings(**changes)
    desk.publish(TUESDAY - timedelta(days=1), events)
    published = desk.settings.published
    desk.publications[published] = replace(desk.publications[published], folder=folder)
    desk.notify(TUESDAY - timedelta(days=1), at(TUESDAY), release_holds=True)
    files = desk.outbox(".eml")
    return [email.message_from_bytes(f.read_bytes(), policy=policy.default) for f in files]


def plots(mail: EmailMessage) -> list[tuple[str, str]]:
    """Return address and words of the plots of a mail."""
    page = mail.get_body(("html",))
    assert page is not None
    return PLOT.findall(page.get_content())


def images(mail: EmailMessage) -> dict[str, bytes]:
    """Return the images of a mail by the addresses that its page uses."""
    return {
        f"cid:{part['Content-ID'][1:-1]}": part.get_content()
        for part in mail.walk()
        if part.get_content_type() == "image/png"
    }


def test_a_drop_shows_two_years_of_revenue_and_profit(desk: Desk, folder: Path) -> None:
    (mail,) = told(desk, folder, event(payload=drop_payload()))
    ((address, said),) = plots(mail)
    assert images(mail)[address].startswith(b"\x89PNG")
    assert said == (
        "Twelve months to each month-end, CNY: "
        "net revenue from CNY 995,000.00 on 2024-03-31 to CNY 971,000.00 on 2026-03-31; "
        "profit from CNY 247,500.00 on 2024-03-31 to CNY 235,500.00 on 2026-03-31"
    )
    assert len(month_ends(MONTH_ENDS)) == 25
    (page,) = desk.outbox(".html")
    # The file is whole by itself; in the mail the image is a part of its own.
    assert 'src="data:image/png;base64,' in page.read_text("utf-8")
    shape = [part.get_content_type() for part in mail.walk()]
    assert shape == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip


def test_a_hold_shows_what_is_owed_and_what_of_it_is_late(desk: Desk, folder: Path) -> None:
    (mail,) = told(desk, folder, event(**HOLD), language="zh")
    ((_, said),) = plots(mail)
    assert said.startswith("各月末的应收账款（元）：")
    assert "逾期由2024年3月31日的500.00元变为2026年3月31日的2,900.00元" in said


@pytest.mark.parametrize(
    ("row", "mark", "names"),
    [
        (event(), "line", {"revenue": "net revenue", "profit": "profit"}),
        (event(**HOLD), "bar", {"due": "not due", "overdue": "overdue"}),
    ],
)
def test_words_have_the_colours_of_the_picture(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch,
    row: dict[str, Any], mark: str, names: dict[str, str],
) -> None:  # fmt: skip
    drawn: list[dict[str, Any]] = []
    draw = vl_convert.vegalite_to_png
    monkeypatch.setattr(
        vl_convert, "vegalite_to_png",
        lambda spec, **more: drawn.append(json.loads(spec)) or draw(spec, **more),
    )  # fmt: skip
    (mail,) = told(desk, folder, row)
    (spec,) = drawn
    assert spec["mark"]["type"] == mark
    scale = spec["encoding"]["color"]["scale"]
    page = mail.get_body(("html",))
    assert page is not None
    legend = re.findall(r'color:(#\w+)">■</span> ([^<]+)<', page.get_content())
    assert legend == [
        (colour, names[column])
        for column, colour in zip(scale["domain"], scale["range"], strict=True)
    ]


def test_an_account_of_a_group_shows_the_unit_that_is_rated(desk: Desk, folder: Path) -> None:
    (mail,) = told(desk, folder, event("CHILD", unit_id="ACC1"))
    assert "971,000.00" in plots(mail)[0][1]


@pytest.mark.parametrize(
    "row",
    [
        event("ACC2"),
        event("ACC3"),
        event("ACC1", alert_type="single_threaded_enter"),
        event("U1", alert_type="tier_drop", account_id=None),
    ],
)
def test_without_a_course_there_is_no_plot(desk: Desk, folder: Path, row: dict[str, Any]) -> None:
    (mail,) = told(desk, folder, row)
    assert plots(mail) == []
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_an_unknown_profit_is_no_line(desk: Desk, folder: Path) -> None:
    with duckdb.connect(str(folder / "keyaccounts.duckdb")) as bi:
        bi.execute("update marts.account_tiers set ttm_profit_amount = null")
    (mail,) = told(desk, folder, event())
    ((_, said),) = plots(mail)
    assert "net revenue" in said
    assert "profit" not in said


def test_the_same_night_gives_the_same_bytes(desk: Desk, folder: Path, tmp_path: Path) -> None:
    told(desk, folder, event())
    (first,) = (file.read_bytes() for file in desk.outbox(".eml"))
    other = desk.with_settings(home=tmp_path / "other")
    told(other, folder, event())
    (again,) = (file.read_bytes() for file in other.outbox(".eml"))
    assert again == first


def test_plots_are_drawn_of_what_is_shown(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve accounts to one person: the worst ten are shown, the critical one to the manager too.

    The critical one is the last by its key.
    """
    with duckdb.connect(str(folder / "keyaccounts.duckdb")) as bi:
        bi.execute("delete from marts.accounts")
        bi.execute("insert into marts.accounts select 'A' || i, 'ACC1' from range(12) t(i)")
    drawn: list[int] = []
    small = charts.small
    monkeypatch.setattr(
        charts, "small", lambda *args, **more: drawn.append(1) or small(*args, **more)
    )
    rows = [event(f"A{i}", severity="critical" if i == 9 else "high") for i in range(12)]
    mails = {str(mail["To"]): mail for mail in told(desk, folder, *rows)}
    counts = {name.partition(" <")[0]: len(plots(mail)) for name, mail in mails.items()}
    assert counts == {"Li Wei": 10, "The Boss": 1}
    assert len(drawn) == 10


def test_a_message_goes_though_its_plots_cannot_be_drawn(desk: Desk, tmp_path: Path) -> None:
    (mail,) = told(desk, tmp_path / "nothing", event(payload=drop_payload()))
    assert plots(mail) == []
    assert any("go without plots" in line for line in desk.lines)


def test_a_packed_image_has_the_same_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"month_end": day, "x": number} for number, day in enumerate(month_ends(6))]
    drawn: list[bytes] = []
    draw = vl_convert.vegalite_to_png
    monkeypatch.setattr(
        vl_convert, "vegalite_to_png", lambda *a, **k: drawn.append(draw(*a, **k)) or drawn[-1]
    )
    packed = charts.small(rows, ["x"], is_stacked=False)
    assert pixels(packed) == pixels(drawn[0])
    assert len(packed) < len(drawn[0]) / 2


def pixels(png: bytes) -> bytes:
    """Return what is drawn; raises where a part has a wrong check sum."""
    found, at = b"", 8
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        part, check = png[at + 4 : at + 8 + size], png[at + 8 + size : at + 12 + size]
        assert zlib.crc32(part).to_bytes(4, "big") == check
        if part.startswith(b"IDAT"):
            found += part[4:]
        at += 12 + size
    assert png[-8:-4] == b"IEND"
    return zlib.decompress(found)
