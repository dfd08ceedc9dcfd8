"""Random companies hold every property, and the data tests of the project pass on them."""

from __future__ import annotations

import pytest

from tests.properties.companies import BATCH
from tests.properties.crowd import crowd
from tests.properties.metamorphic import CHANGES, differences
from tests.properties.run import violations

# First seed and how many: each batch has its own as-of date, two have other entities landed.
CROWDS = [(0, 30), (2 * BATCH, 12), (3 * BATCH, 12), (5 * BATCH, 12), (7 * BATCH, 12)]


def grouped(first: int) -> pytest.MarkDecorator:
    """Keep the tests over one crowd in one process, where it is built once."""
    return pytest.mark.xdist_group(f"companies {first}")


@pytest.mark.parametrize(
    ("first", "count"), [pytest.param(*c, marks=grouped(c[0])) for c in CROWDS]
)
def test_random_companies_hold_every_property(first: int, count: int) -> None:
    built = crowd(first, count)
    found = [*violations(built), *built.failed_tests()]
    assert not found, "\n".join(map(str, found[:20]))


@pytest.mark.parametrize("name", [pytest.param(name, marks=grouped(200)) for name in CHANGES])
def test_what_must_not_matter_changes_nothing(name: str) -> None:
    found = differences(crowd(2 * BATCH, 12), CHANGES[name])
    assert not found, "\n".join(map(str, found[:20]))
