"""The demo company, published once per test run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.demo_company import demo_company, demo_publication
from tests.end_to_end.published import Publication


@pytest.fixture(scope="session")
def demo_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_company(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    return demo_publication(tmp_path_factory.getbasetemp())
