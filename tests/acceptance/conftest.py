"""Figures of fixtures are compared, so their builds leave out the data tests, half of their time.

The data tests run over the stories' company here, over every company of `tests/end_to_end`, and
over the random companies of `tests/properties`.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest


@pytest.fixture(autouse=True, scope="module")
def without_data_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    build = import_module("keyaccounts.warehouse.build")
    with pytest.MonkeyPatch.context() as patch:
        if not request.node.name.endswith("test_stories.py"):
            patch.setattr(build, "NO_UNIT_TESTS", build.NO_TESTS)
        yield
