"""First values are what was published, to the last digit: nights of random companies compared."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from keyaccounts.landing.closings import month_ends
from tests.properties.companies import make_company
from tests.restatements.edits import edited, known, with_new
from tests.restatements.expected import restated
from tests.restatements.nights import Home, Night, Source

pytestmark = pytest.mark.slow
# Of batches that land everything, on days at the end of a month and inside one.
SEEDS = [0, 21, 104, 215, 233]


def first_nights(nights: list[Night], now: date) -> dict[date, Night]:
    """Return the first publication of each month-end that a run for a day may know of."""
    found: dict[date, Night] = {}
    for night in nights:
        if night.day <= now:
            for month_end, _ in night.tiers:
                found.setdefault(month_end, night)
    return found


def changing(source: Source, random: Random, day: date) -> Source:
    changed, names = edited(random, source, day)
    print(day, names)
    return changed


@pytest.mark.parametrize("seed", SEEDS)
def test_first_values_are_what_was_published(tmp_path: Path, seed: int) -> None:
    company, random = make_company(seed), Random(seed)
    home = Home(tmp_path, company.rules)
    last = company.as_of_date
    days = [*list(month_ends(last - timedelta(days=100), last - timedelta(days=25)))[-3:], last]
    nights: list[Night] = []
    source = known(company, days[0])
    for day in days:
        source = changing(with_new(source, known(company, day)), random, day)
        nights.append(home.night(source, day))
        print(day, len(nights[-1].tiers), "tiers,", len(nights[-1].restatements), "restated")
        assert nights[-1].restatements == restated(first_nights(nights[:-1], day), nights[-1])
    assert home.rebuilt == []
    again = home.night(source, last)
    assert again.restatements == nights[-1].restatements
    home.forget()
    rebuilt = home.night(None, last)
    assert rebuilt.restatements == nights[-1].restatements
    assert home.rebuilt == [night.day for night in nights[:-1] if night.tiers]
    early = home.night(None, days[1])
    assert early.restatements == restated(first_nights(nights, days[1]), early)
