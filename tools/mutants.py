"""The mutants of a piece of SQL: one operator, bound, join, sign, constant or aggregate changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Kind, pattern, replacement. The first group, where there is one, is what is replaced.
RULES: tuple[tuple[str, str, str], ...] = (
    ("bound", r"(?<![<>=!])<=(?!=)", "<"),
    ("bound", r"(?<![<>=!-])>=(?!=)", ">"),
    ("bound", r"(?<![<>=])<(?![<>=])", "<="),
    ("bound", r"(?<![<>=-])>(?![<>=])", ">="),
    ("comparison", r"<>", "="),
    ("comparison", r"(?<![<>=:!]) = (?!=)", " <> "),
    ("comparison", r"\bis null\b", "is not null"),
    ("comparison", r"\bis not null\b", "is null"),
    ("comparison", r"\bis distinct from\b", "is not distinct from"),
    ("comparison", r"\bis not true\b", "is true"),
    ("logic", r"\band\b", "or"),
    ("logic", r"\bor\b", "and"),
    ("logic", r"(?<!is )\bnot (?!null|true|distinct|in\b|exists)", ""),
    ("logic", r"\bnot in\b", "in"),
    ("logic", r"\bnot exists\b", "exists"),
    ("where", r"\bwhere\b", "where true or"),
    ("join", r"\binner join\b", "left join"),
    ("join", r"\bleft join\b", "inner join"),
    ("set", r"\bunion all\b", "union"),
    ("set", r"\bunion\b(?! all)", "union all"),
    ("aggregate", r"\bmin\(", "max("),
    ("aggregate", r"\bmax\(", "min("),
    ("aggregate", r"\bsum\(", "max("),
    ("aggregate", r"\bmoney_sum\(", "whole("),
    ("aggregate", r"\bcount\(distinct ", "count("),
    ("aggregate", r"\bcount\(\*\)", "1 + count(*)"),
    ("aggregate", r"\bbit_or\(", "bit_and("),
    ("function", r"\bgreatest\(", "least("),
    ("function", r"\bleast\(", "greatest("),
    ("function", r"\blead\(", "lag("),
    ("function", r"\blag\(", "lead("),
    ("function", r"(?<!\w)abs\(", "(-"),
    ("function", r"\blast_day\(", "("),
    ("function", r"\brank\(\)", "row_number()"),
    ("function", r"\bfloor\(", "ceil("),
    ("function", r"\bnullif\(([^()]+), ''\)", r"\1"),
    ("default", r"\bcoalesce\(([^(),]+), [^(),]+\)", r"\1"),
    ("order", r" desc\b(?! nulls)", ""),
    ("order", r"\border by [\w.]+(?=[\n ),])(?! desc)", r"\g<0> desc"),
    ("sign", r" \+ ", " - "),
    ("sign", r" - ", " + "),
    ("sign", r"(?<=[\s(])-(?=[\w{(])(?!\d)", ""),
    ("arithmetic", r"(?<!select) \* ", " + "),
    ("arithmetic", r" / ", " * "),
    ("arithmetic", r" // ", " * "),
    ("arithmetic", r" % ", " + "),
    ("constant", r"\btrue\b", "false"),
    ("constant", r"\bfalse\b", "true"),
    ("constant", r"(?<![\w.'])\d+(?![\w.'])", "+1"),
    ("text", r"(?<== )'\w[\w+ -]*'|(?<=<> )'\w[\w+ -]*'|(?<=then )'\w[\w+ -]*'", "'mutant'"),
    ("text", r"(?<=in \()'\w[\w+ -]*'|(?<=when )'\w[\w+ -]*'", "'mutant'"),
)
# Not code, or what makes no difference by itself: comments, statements of Jinja, types, casts.
MASKS = (
    r"--[^\n]*",
    r"\{#.*?#\}",
    r"\{%.*?%\}",
    r"decimal\(\d+, ?\d+\)",
    r"(?:varchar|timestamp)\(\d+\)",
    r"\bbetween \d+ preceding and",
    r"\b\w+\.(\w+) = \w+\.\1\b",
    r"\bselect 1\b",
)


@dataclass(frozen=True)
class Mutant:
    """One change of a text: where it starts, what stood there, what stands there now."""

    kind: str
    start: int
    before: str
    after: str

    def applied(self, text: str) -> str:
        """Return the text with the change."""
        if text[self.start : self.start + len(self.before)] != self.before:
            raise ValueError(f"the text has changed at {self.start}")
        return text[: self.start] + self.after + text[self.start + len(self.before) :]


def mutants(text: str) -> list[Mutant]:
    """Return all mutants of a text, in the order of their places."""
    return sorted(set(_found(text)), key=lambda m: (m.start, m.kind, m.after))


def _found(text: str) -> Iterator[Mutant]:
    masked = [False] * (len(text) + 1)
    for pattern in MASKS:
        for match in re.finditer(pattern, text, re.S):
            masked[match.start() : match.end()] = [True] * (match.end() - match.start())
    # The width of a window is a constant like others, though its words are masked.
    for match in re.finditer(r"\bbetween (\d+) preceding", text):
        number = match.group(1)
        yield Mutant("constant", match.start(1), number, str(int(number) - 1))
    for kind, pattern, replacement in RULES:
        for match in re.finditer(pattern, text):
            if any(masked[match.start() : match.end()]):
                continue
            before = match.group(0)
            if replacement == "+1":
                after = str(int(before) + 1)
            else:
                after = match.expand(replacement) if "\\" in replacement else replacement
            if after != before:
                yield Mutant(kind, match.start(), before, after)
