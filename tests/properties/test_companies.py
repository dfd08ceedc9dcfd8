"""Random companies hold every property, and the data tests of the project pass on them."""

from __future__ import annotations

import pytest

from tests.properties.companies import BATCH
from tests.properties.crowd import crowd
from tests.properties.metamorphic import CHANGES, differences
from tests.properties.run import violations

# First seed and how many: each batch has its own as-of date, two have other entities landed.
CROWDS = [(0, 30), (2 * BATCH, 12), (3 * BATCH, 12), (5 * BATCH, 12), (7 * BATCH, 12)]


@pytest.mark.parametrize(("first", "count"), CROWDS)
def test_random_companies_hold_every_property(first: int, count: int) -> None:
    built = crowd(first, count)
    found = [*violations(built), *built.failed_tests()]
    assert not found, "\n".join(map(str, found[:20]))


@pytest.mark.parametrize("name", CHANGES)
def test_what_must_not_matter_changes_nothing(name: str) -> None:
    found = differences(crowd(2 * BATCH, 12), CHANGES[name])
    assert not found, "\n".join(map(str, found[:20]))
