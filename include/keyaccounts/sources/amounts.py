"""Numbers in texts: decimal point or comma, thousands in groups, a sign before or behind."""

from __future__ import annotations

import re
from collections.abc import Iterable

import duckdb

from keyaccounts.errors import SourceRefusedError
from keyaccounts.sources.files import quoted
from keyaccounts.sources.seen import Seen, beside, is_text, seen_in, where

BLANKS = "[ \u00a0\u202f'\u2019]"
# Of a number whose digits are 9, with 0 where its first one is 0. D is what stands before the
# decimals, G what groups thousands.
PROOF = r"[09]*D|[09]*D9{1,2}|[09]*D9{4,}|0?D9{3}|[09]9{3,}D9+|9{1,3}(G999)+D9*|9{1,3}(G999){2,}"
OPEN = r"9{1,3}[.,]999"


def is_comma(shapes: list[Seen], name: str, share: float, filled: dict[str, int]) -> bool | None:
    """Return whether the decimals stand behind a comma; None where nothing needs to be known.

    `filled` counts the values of each column. Raises SourceRefusedError where it needs to be known
    and nothing proves it.
    """
    point = _matching(shapes, PROOF.replace("D", r"\.").replace("G", ","))
    comma = _matching(shapes, PROOF.replace("D", ",").replace("G", r"\."))
    unclear = _matching(shapes, OPEN)
    if not point and not comma:
        if all(
            sum(s.count for s in unclear if s.column == column) <= share * count
            for column, count in filled.items()
        ):
            return None
        seen = unclear[0]
        raise SourceRefusedError(
            f"{where(name, seen)}: {seen.example!r} may be thousands or decimals, and no value of "
            "the file proves which: set decimal_comma"
        )
    if point and comma:
        counts = sum(s.count for s in point), sum(s.count for s in comma)
        if unclear or min(counts) > share * sum(counts):
            raise SourceRefusedError(
                f"{where(name, point[0])}: {point[0].example!r} has a decimal point, "
                f"{beside(name, comma[0])}: {comma[0].example!r} a decimal comma: set "
                "decimal_comma, and what is written otherwise is held back"
            )
        return counts[1] > counts[0]
    return bool(comma)


def has_open(shapes: list[Seen]) -> bool:
    """Return whether one of the numbers may be thousands or decimals."""
    return bool(_matching(shapes, OPEN))


def _matching(shapes: Iterable[Seen], pattern: str) -> list[Seen]:
    return [seen for seen in shapes if re.fullmatch(pattern, seen.shape)]


def number_sql(column: str, *, is_comma: bool) -> str:
    """Return SQL that reads a number with groups of thousands and a sign before or behind."""
    mark, group = (",", r"\.") if is_comma else (r"\.", ",")
    text = f"regexp_replace(trim({column}), '(\\d){_sql(BLANKS)}(\\d{{3}})', '\\1\\2', 'g')"
    # The same again: of groups side by side the first pass takes every other one.
    text = f"regexp_replace({text}, '(\\d){_sql(BLANKS)}(\\d{{3}})', '\\1\\2', 'g')"
    plain = f"(\\d+{mark}?\\d*|{mark}\\d+|\\d{{1,3}}({group}\\d{{3}})+({mark}\\d*)?)"
    digits = f"replace({text}, '{group[-1]}', '')"
    digits = f"replace({digits}, ',', '.')" if is_comma else digits
    return (
        f"case when regexp_full_match({text}, '[+-]?{plain}') then {digits} "
        f"when regexp_full_match({text}, '{plain}-') then '-' || rtrim({digits}, '-') end"
    )


def is_open_sql(column: str) -> str:
    """Return SQL that is true for a number that may be thousands or decimals."""
    return rf"regexp_matches({column}, '^\D*[1-9]\d{{0,2}}[.,]\d{{3}}\D*$')"


def shapes(
    con: duckdb.DuckDBPyConnection, scan: str, column: str, *, has_typed: bool
) -> list[Seen]:
    """Return the numbers of a column by their shape: a 9 for each digit, but a first 0."""
    value = (
        f"regexp_replace(trim({quoted(column)}), '{BLANKS.replace(chr(39), chr(39) * 2)}', '', 'g')"
    )
    shape = (
        "case when left(v, 1) = '0' then '0' || substr(translate(v, '012345678', '999999999'), 2) "
        "else translate(v, '012345678', '999999999') end"
    )
    return seen_in(
        con, column,
        f"select {shape} as shape, example, _row from (select trim(trim({value}, '+'), '-') as v, "
        f"{quoted(column)} as example, _row from {scan} "
        f"where {is_text(column, has_typed=has_typed)} "
        f"and regexp_matches({quoted(column)}, '[.,]'))",
    )  # fmt: skip


def _sql(text: str) -> str:
    return text.replace("'", "''")
