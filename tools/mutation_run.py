"""Judges one mutant, in a process that has built the grounds before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.properties.compiled import variables_for

from tools.grounds import Ground, Verdict, crowds, others
from tools.mutants import Mutant
from tools.render import Renderer


@cache
def _renderer(landed: tuple[str, ...]) -> Renderer:
    """Return the project for what has landed: it decides on the text of a model."""
    return Renderer(variables_for(landed))


def _landed(ground: Ground) -> tuple[str, ...]:
    return tuple(sorted(next(iter(ground.companies.values())).rows))


def judge(file: str, mutant: Mutant, is_first_look: bool = False) -> dict[str, Any]:
    """Return the verdict on a mutant, its killer and the models that changed.

    A first look stops after the random companies.
    """
    changed: set[str] = set()
    marts: set[str] = set()
    for ground in _grounds(is_first_look):
        texts = _renderer(_landed(ground)).changed(file, mutant)
        if isinstance(texts, str):
            return {"verdict": "killed", "killer": texts, "changed": []}
        verdict: Verdict = ground.judge(texts)
        changed |= verdict.changed
        marts |= set(verdict.marts)
        if verdict.killer:
            killer = re.sub(r"\s+", " ", f"{ground.name}: {verdict.killer}")
            return {"verdict": "killed", "killer": killer, "changed": sorted(marts)}
    verdict_name = "survived" if marts else "hidden" if changed else "unreached"
    return {"verdict": verdict_name, "killer": "", "changed": sorted(marts or changed)}


def _grounds(is_first_look: bool) -> Iterator[Ground]:
    yield from crowds()
    if not is_first_look:
        yield from others()
