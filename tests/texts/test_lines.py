"""Lines and columns where characters are two columns wide, and chats that speak the language."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyaccounts.alerts.chats import chat_channels
from keyaccounts.alerts.formats import columns, padded
from keyaccounts.reports.wrapping import CLOSING, INDENT, day_column, wrapped
from keyaccounts.settings import Settings
from keyaccounts.texts import ENGLISH, texts_in

PARTS = st.sampled_from(
    ["应收账款", "逾期", "1,234元", "Fading Whale", "Ltd.", "，", "。", " ", "）"]
)


@given(st.lists(PARTS, max_size=60).map("".join), st.integers(30, 60))
def test_a_chinese_line_fits_and_begins_with_no_closing_mark(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        assert columns(line.rstrip("".join(CLOSING))) <= width
    for line in lines[1:]:
        assert line.startswith(INDENT)
        assert line.strip()[:1] not in CLOSING


def test_columns_are_those_of_a_terminal() -> None:
    assert columns("A级") == 3
    assert padded("A级", 5) == "A级  "
    chinese = texts_in("zh")
    days = [date(2026, 1, 1), date(2026, 12, 31)]
    assert {columns(day_column(day, chinese)) for day in days} == {14}
    assert day_column(days[0], ENGLISH) == "2026-01-01"


@pytest.mark.parametrize(("language", "to"), [("en", "To: Li"), ("zh", "致：Li")])
def test_a_chat_speaks_the_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, to: str
) -> None:
    monkeypatch.setenv("NORTH", "wecombot://key")
    file = tmp_path / "chats.yml"
    file.write_text("- {name: north, url_env: NORTH}\n", "utf-8")
    (chat,) = chat_channels(replace(Settings(home=tmp_path, chats=file), language=language))
    assert chat.texts("chat.to", name="Li") == to
