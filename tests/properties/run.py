"""All properties over a crowd of companies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tests.properties import (
    checks_accounts,
    checks_receivables,
    checks_retention,
    checks_tiers,
)
from tests.properties.crowd import Case, Crowd, Violation

Check = Callable[[Case], Iterator[str]]
CHECKS: dict[str, Check] = {
    check.__name__: check
    for module in (checks_tiers, checks_receivables, checks_retention, checks_accounts)
    for check in module.CHECKS
}


def violations(crowd: Crowd, names: Iterable[str] = CHECKS) -> list[Violation]:
    """Return what each property finds: its first problem of each company."""
    found = []
    for case in crowd.cases():
        for name in names:
            problem = next(CHECKS[name](case), None)
            if problem:
                found.append(Violation(case.seed, name, problem))
    return found
