"""One cluster for all tests of this folder: it takes ten seconds and more to come up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .cluster import Cluster, missing, start_cluster


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Return a master with two workers."""
    if reason := missing():
        pytest.fail(reason)
    with start_cluster(tmp_path_factory.mktemp("spark")) as running:
        yield running
