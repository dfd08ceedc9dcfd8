"""Plots: the report's as SVG, those of mails as PNG. Vega-Lite draws them, offline.

The same rows give the same bytes.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import altair
import vl_convert

from keyaccounts.texts import ENGLISH, Texts

Rows = Sequence[dict[str, Any]]
WIDTH, HEIGHT = 460, 170
SMALL_WIDTH, SMALL_HEIGHT = 420, 90
# Okabe and Ito (2008): told apart by people who see colours differently, and in print.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
PNG = b"\x89PNG\r\n\x1a\n"
GREY = "#9a9a9a"
FONT = "Helvetica, Arial, 'Noto Sans CJK SC', sans-serif"


def lines(
    rows: Rows,
    labels: dict[str, str],
    *,
    unit: str,
    is_ratio: bool = False,
    texts: Texts = ENGLISH,
) -> str:
    """Draw columns of month-ends as lines; `labels` names the columns in their order.

    An unknown value is a gap in its line. `unit` is the title of the axis.
    """
    order = list(labels.values())
    points = [
        {"day": _day(row["month_end"]), "value": _number(row[column]), "what": label}
        for row in rows
        for column, label in labels.items()
    ]
    chart = _chart(points).mark_line(point={"size": 18}).encode(
        x=altair.X("day:T", title=None,
                   axis=altair.Axis(format=texts("plot.month"), tickCount=6)),
        y=altair.Y("value:Q", title=unit, scale=altair.Scale(zero=not is_ratio),
                   axis=altair.Axis(format=".0%", tickCount=5) if is_ratio else _numbers(texts)),
        color=_colour(order),
        strokeDash=altair.StrokeDash("what:N", sort=order, legend=None),
    )  # fmt: skip
    return _svg(chart)


def stacks(rows: Rows, labels: dict[str, str], *, unit: str, texts: Texts = ENGLISH) -> str:
    """Draw columns of month-ends as stacked bars, the first at the bottom; none is negative."""
    order = list(labels.values())
    points = [
        {"day": _day(row["month_end"]), "value": _number(row[column]), "what": label, "at": at}
        for row in rows
        for at, (column, label) in enumerate(labels.items())
    ]
    chart = _chart(points).mark_bar().encode(
        x=altair.X("yearmonth(day):O", title=None,
                   axis=altair.Axis(format=texts("plot.month"), labelAngle=-45)),
        y=altair.Y("sum(value):Q", title=unit, axis=_numbers(texts)),
        color=_colour(order),
        order=altair.Order("at:Q"),
    )  # fmt: skip
    return _svg(chart)


def bridge(steps: Sequence[tuple[str, Decimal]], *, unit: str, texts: Texts = ENGLISH) -> str:
    """Draw a bridge: the first and the last step are levels, those between are changes.

    The changes must lead from the first level to the last.
    """
    bars, level = [], Decimal(0)
    for number, (label, value) in enumerate(steps):
        is_level = number in {0, len(steps) - 1}
        start = Decimal(0) if is_level else level
        level = value if is_level else level + value
        kind = "level" if is_level else "gain" if value >= 0 else "loss"
        bars.append({"what": label, "from": float(start), "to": float(level), "kind": kind})
    order = [label for label, _ in steps]
    kinds = altair.Scale(domain=["level", "gain", "loss"], range=[GREY, COLOURS[0], COLOURS[3]])
    chart = _chart(bars).mark_bar(size=34).encode(
        x=altair.X("what:N", sort=order, title=None, axis=altair.Axis(labelAngle=0)),
        y=altair.Y("from:Q", title=unit, axis=_numbers(texts)),
        y2="to:Q",
        color=altair.Color("kind:N", scale=kinds, legend=None),
    )  # fmt: skip
    return _svg(chart)


def small(rows: Rows, columns: Sequence[str], *, is_stacked: bool) -> bytes:
    """Draw columns of month-ends in the order of COLOURS, without a word, as PNG.

    Lines or, for parts of a whole, stacked bars. The axes have figures in full and months such as
    2026-10, which every language reads.
    """
    points = [
        {"day": _day(row["month_end"]), "value": _number(row[column]), "what": column, "at": at}
        for row in rows
        for at, column in enumerate(columns)
    ]
    scale = altair.Scale(domain=list(columns), range=list(COLOURS[: len(columns)]))
    chart = _chart(points, SMALL_WIDTH, SMALL_HEIGHT).encode(
        x=altair.X("day:T", title=None, axis=altair.Axis(format="%Y-%m", tickCount=6)),
        y=altair.Y("value:Q", title=None, axis=altair.Axis(format=",~f", tickCount=3)),
        color=altair.Color("what:N", scale=scale, legend=None),
    )  # fmt: skip
    if is_stacked:
        drawn = chart.mark_bar(size=10).encode(order=altair.Order("at:Q"))
    else:
        drawn = chart.mark_line(point={"size": 14})
    # Twice the size it is shown in: sharp on screens of today.
    return _packed(vl_convert.vegalite_to_png(_styled(drawn).to_json(), scale=2))


def _chart(points: list[dict[str, Any]], width: int = WIDTH, height: int = HEIGHT) -> Any:
    return altair.Chart(altair.InlineData(values=points), width=width, height=height)


def _numbers(texts: Texts) -> Any:
    return altair.Axis(labelExpr=texts("plot.number"), tickCount=5)


def _colour(order: list[str]) -> Any:
    scale = altair.Scale(domain=order, range=list(COLOURS[: len(order)]))
    legend = altair.Legend(title=None, orient="top", columns=len(order), labelLimit=200)
    return altair.Color("what:N", scale=scale, sort=order, legend=legend)


def _svg(chart: Any) -> str:
    """Return the plot; it grows and shrinks with the page and says nothing to screen readers.

    The figure around it has the words.
    """
    svg = vl_convert.vegalite_to_svg(_styled(chart).to_json())
    return re.sub(
        r'<svg ([^>]*?)width="\d+" height="\d+"', r'<svg aria-hidden="true" \1', svg, count=1
    )


def _packed(png: bytes) -> bytes:
    """Return the same picture in a fifth of the bytes: it was compressed to be quick."""
    kept, pixels, at = [], b"", len(PNG)
    while at < len(png):
        end = at + 12 + int.from_bytes(png[at : at + 4], "big")
        if png[at + 4 : at + 8] == b"IDAT":
            pixels += png[at + 8 : end - 4]
        else:
            kept.append(png[at:end])
        at = end
    body = b"IDAT" + zlib.compress(zlib.decompress(pixels), 9)
    packed = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return PNG + b"".join([*kept[:-1], packed, kept[-1]])


def _styled(chart: Any) -> Any:
    return chart.configure(font=FONT).configure_view(stroke=None).configure_axis(
        gridColor="#e4e4e4", domainColor="#888", labelColor="#333", titleColor="#333",
        titleFontWeight="normal",
    )  # fmt: skip


def _day(day: date) -> str:
    # Noon: a day is the same day in every time zone of a plot.
    return f"{day.isoformat()}T12:00:00"


def _number(value: Decimal | int | None) -> float | None:
    return None if value is None else float(value)
