"""Days in texts: which comes first, and the time behind them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime

import duckdb

from keyaccounts.errors import SourceRefusedError
from keyaccounts.sources.files import quoted
from keyaccounts.sources.seen import Seen, beside, is_text, seen_in, where

ISO = "%Y-%m-%d"
YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
TWO_DIGITS = re.compile(r"\d{1,2}([-/.])\d{1,2}\1\d{2}")
CHINESE = re.compile(r"\d{4}年(\d{1,2})月(\d{1,2})日")
TIME_BEHIND = r"'^(.+?)([ T]+\d{1,2}:.*)?$'"
"""Takes a day and the time behind it apart."""


def _ways(text: str) -> list[str]:
    """Return the formats that a day may be read by; [] when it is no day."""
    if match := YEAR_FIRST.fullmatch(text):
        _, mark, month, day = match.groups()
        return [f"%Y{mark}%m{mark}%d"] if _is_day(day, month) else []
    if match := CHINESE.fullmatch(text):
        return ["%Y年%m月%d日"] if _is_day(match[2], match[1]) else []
    if match := YEAR_LAST.fullmatch(text):
        one, mark, two, _ = match.groups()
        return _orders(one, two, f"%d{mark}%m{mark}%Y", f"%m{mark}%d{mark}%Y")
    if re.fullmatch(r"\d{8}", text):
        if 1900 <= int(text[:4]) <= 2100 and _is_day(text[6:], text[4:6]):
            return ["%Y%m%d"]
        return _orders(text[:2], text[2:4], "%d%m%Y", "%m%d%Y")
    return []


def _orders(one: str, two: str, day_first: str, month_first: str) -> list[str]:
    found = [day_first] if _is_day(one, two) else []
    return [*found, month_first] if _is_day(two, one) else found


def _is_day(day: str, month: str) -> bool:
    return 1 <= int(day) <= 31 and 1 <= int(month) <= 12


def day_formats(
    values: dict[str, list[Seen]], name: str, share: float, filled: dict[str, int]
) -> dict[str, str]:
    """Return the format of each column whose days are not ISO.

    Of the few texts among the days of a workbook nothing is asked: they have to be ISO.
    """
    families: dict[str, list[tuple[Seen, list[str]]]] = {}
    for column, seen in values.items():
        if sum(s.count for s in seen) <= share * filled[column]:
            continue
        read = [(s, _ways(s.shape)) for s in seen]
        short = next((s for s, ways in read if not ways and TWO_DIGITS.fullmatch(s.shape)), None)
        if short is not None:
            raise SourceRefusedError(
                f"{where(name, short)}: {short.example!r} has a year of two digits: set date_format"
            )
        main = _main_family([(s, ways) for s, ways in read if ways], name, share)
        if main:
            families[column] = main
    found = {}
    for column, main in families.items():
        family = _family(main[0][1])
        alike = [
            pair for other in families.values() for pair in other if _family(pair[1]) == family
        ]
        form = _one_way(alike, name, share)
        if form != ISO:
            found[column] = form
    return found


def _family(ways: list[str]) -> str:
    """Return what formats have in common that differ by the order of day and month alone."""
    return "".join("x" if letter in "dm" and ways[0][:2] != "%Y" else letter for letter in ways[0])


def _main_family(
    read: list[tuple[Seen, list[str]]], name: str, share: float
) -> list[tuple[Seen, list[str]]]:
    counts: Counter[str] = Counter()
    for seen, ways in read:
        counts[_family(ways)] += seen.count
    if not counts:
        return []
    main, most = counts.most_common(1)[0]
    if counts.total() - most > share * counts.total():
        one = next(seen for seen, ways in read if _family(ways) == main)
        other = next(seen for seen, ways in read if _family(ways) != main)
        raise SourceRefusedError(
            f"{where(name, one)}: {one.example!r} and {beside(name, other)}: {other.example!r} are "
            "days of two formats: set date_format, and what is written otherwise is held back"
        )
    return [pair for pair in read if _family(pair[1]) == main]


def _one_way(read: list[tuple[Seen, list[str]]], name: str, share: float) -> str:
    proofs: Counter[str] = Counter()
    for seen, ways in read:
        if len(ways) == 1:
            proofs[ways[0]] += seen.count
    # 05/05/2026 is one day, whichever comes first.
    unclear = [seen for seen, ways in read if len(ways) > 1 and _differ(seen.shape, ways)]
    if not proofs:
        if not unclear:
            return read[0][1][0]
        seen = unclear[0]
        raise SourceRefusedError(
            f"{where(name, seen)}: {seen.example!r} may start with the day or with the month, and "
            "no value of the file proves which: set date_format"
        )
    form, most = proofs.most_common(1)[0]
    if len(proofs) > 1 and (unclear or proofs.total() - most > share * proofs.total()):
        one, other = (next(s for s, ways in read if ways == [f]) for f in list(proofs)[:2])
        raise SourceRefusedError(
            f"{where(name, one)}: {one.example!r} and {beside(name, other)}: {other.example!r} are "
            "days of two formats: set date_format, and what is written otherwise is held back"
        )
    return form


def _differ(text: str, ways: list[str]) -> bool:
    return len({datetime.strptime(text, way) for way in ways}) > 1  # noqa: DTZ007


def day_sql(column: str, form: str) -> str:
    """Return SQL that reads a day, with the time of the day behind it where there is one."""
    text = f"trim({column})"
    if form == "excel":
        return (
            f"case when regexp_full_match({text}, '\\d{{5}}(\\.\\d+)?') then strftime("
            f"timestamp '1899-12-30' + to_microseconds(round(try_cast({text} as decimal(28, 10)) "
            "* 86400)::bigint * 1000000), '%Y-%m-%d %H:%M:%S') end"
        )
    day = f"try_strptime(regexp_extract({text}, {TIME_BEHIND}, 1), '{form.replace(chr(39), '')}')"
    rest = f"upper(trim(regexp_extract({text}, {TIME_BEHIND}, 2)))"
    time = (
        f"case when {rest} = '' then '' when regexp_matches({rest}, '[AP]M$') then "
        f"strftime(try_strptime({rest}, ['%I:%M:%S %p', '%I:%M %p']), ' %H:%M:%S') "
        f"else ' ' || ltrim({rest}, 'T') end"
    )
    return f"strftime({day}, '{ISO}') || {time}"


def in_utc_sql(time: str, zone: str) -> str:
    """Return SQL for a time in UTC: one without offset is of a zone.

    Of the hour that a zone has twice the second one is taken, as Postgres does; the hour that it
    leaves out is the one after it.
    """
    offset = r":\d\d(\.\d+)?\s*([zZ]|[+-]\d\d(:?\d\d)?)$"
    has_offset = f"regexp_matches({time}, '{offset}')"
    return (
        f"case when {has_offset} then {time} else strftime(timezone('UTC', timezone('{zone}', "
        f"try_cast({time} as timestamp))), '%Y-%m-%d %H:%M:%S.%f') end"
    )


def day_values(
    con: duckdb.DuckDBPyConnection, scan: str, column: str, *, has_typed: bool
) -> list[Seen]:
    """Return the days of a column, without the time behind them."""
    return seen_in(
        con, column,
        f"select regexp_extract(trim({quoted(column)}), {TIME_BEHIND}, 1) as shape, "
        f"{quoted(column)} as example, _row from {scan} "
        f"where {is_text(column, has_typed=has_typed)}",
    )  # fmt: skip
