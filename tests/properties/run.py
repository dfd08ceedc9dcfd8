"""All properties over a crowd of companies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tests.properties import (
    checks_accounts,
    checks_advice,
    checks_alerts,
    checks_candidates,
    checks_collections,
    checks_contacts,
    checks_control,
    checks_curves,
    checks_details,
    checks_drivers,
    checks_efforts,
    checks_events,
    checks_exits,
    checks_forecasts,
    checks_influence,
    checks_lifecycle,
    checks_opportunities,
    checks_owners,
    checks_payments,
    checks_plants,
    checks_portfolio,
    checks_profiles,
    checks_profitability,
    checks_promises,
    checks_purchases,
    checks_receivables,
    checks_relationships,
    checks_retention,
    checks_scopes,
    checks_service,
    checks_stages,
    checks_summary,
    checks_tenures,
    checks_tiers,
    checks_turns,
    checks_value,
    checks_white_space,
)
from tests.properties.crowd import Case, Crowd, Violation, batch
from tests.properties.metamorphic import CHANGES, differences

Check = Callable[[Case], Iterator[str]]
CHECKS: dict[str, Check] = {
    check.__name__: check
    for module in (
        checks_tiers,
        checks_events,
        checks_influence,
        checks_alerts,
        checks_profiles,
        checks_profitability,
        checks_contacts,
        checks_scopes,
        checks_details,
        checks_drivers,
        checks_receivables,
        checks_payments,
        checks_collections,
        checks_retention,
        checks_lifecycle,
        checks_exits,
        checks_accounts,
        checks_advice,
        checks_control,
        checks_value,
        checks_candidates,
        checks_curves,
        checks_profitability,
        checks_promises,
        checks_purchases,
        checks_tenures,
        checks_efforts,
        checks_turns,
        checks_service,
        checks_plants,
        checks_opportunities,
        checks_white_space,
        checks_portfolio,
        checks_forecasts,
        checks_relationships,
        checks_stages,
        checks_owners,
        checks_summary,
    )
    for check in module.CHECKS
}
CHANGED = 10


def violations(crowd: Crowd, names: Iterable[str] = CHECKS) -> Iterator[Violation]:
    """Yield what each property finds: its first problem of each company."""
    for case in crowd.cases():
        for name in names:
            problem = next(CHECKS[name](case), None)
            if problem:
                yield Violation(case.seed, name, problem)


def whole_part(part: tuple[int, int]) -> list[Violation]:
    """Build so many companies from a seed on and hold everything against them."""
    built = Crowd(batch(*part))
    found = [*violations(built), *built.failed_tests()]
    # A change builds everything again, so a few of each batch must do.
    few = Crowd(batch(part[0], min(part[1], CHANGED)))
    for change in CHANGES.values():
        found += differences(few, change)
    return found
