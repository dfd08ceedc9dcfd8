"""Figures of fixtures are compared, so their builds leave out the data tests, half of their time.

The data tests run over the stories' company here, over every company of `tests/end_to_end`, and
over the random companies of `tests/properties`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import ENGINE, data_tests_left_out
from tests.spark.cluster import BROUGHT_HOME, SMALL, Cluster, connect, environment, missing

MEMORY = {"spark.driver.memory": "3g"}


@pytest.fixture(autouse=True, scope="session")
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """With `--engine spark` one Spark server builds for all tests."""
    if request.config.getoption("--engine") == "duckdb":
        yield
        return
    if reason := missing():
        pytest.fail(reason)
    folder = tmp_path_factory.mktemp("spark")
    here = Cluster("local[2]", folder, ())
    with pytest.MonkeyPatch.context() as patch, connect(here, folder / "tables", MEMORY) as url:
        for name, value in environment().items():
            patch.setenv(name, value)
        options = " ".join(f"{name}={value}" for name, value in SMALL.items())
        for name, value in {"engine": "spark", "spark_url": url, "spark_options": options}.items():
            patch.setitem(ENGINE, name, value)
        yield


@pytest.fixture(autouse=True, scope="module")
def without_data_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.name.endswith("test_stories.py"):
        yield
        return
    with data_tests_left_out():
        yield


@pytest.fixture(autouse=True)
def only_what_is_compared(request: pytest.FixtureRequest) -> Iterator[None]:
    """Build the marts that the mark `fixture` names, with all they rest on."""
    marts = [f"+{mart}" for mark in request.node.iter_markers("fixture") for mart in mark.args]
    if not marts:
        yield
        return
    with data_tests_left_out(*marts, *BROUGHT_HOME):
        yield
