"""A small company as contract files, and the shared demo company."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.demo_company import demo_company, demo_publication
from tests.end_to_end.published import Publication
from tests.faults.small import small_company


@pytest.fixture(scope="session")
def demo_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_company(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    return demo_publication(tmp_path_factory.getbasetemp())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return small_company(tmp_path / "source")


@pytest.fixture
def land(source: Path, tmp_path: Path) -> Callable[..., object]:
    """Return a function that lands one entity of `source` and gives its counts."""
    from keyaccounts import nightly
    from tests.conftest import run_at, settings_for, silent

    def landed(entity: str, **more: object) -> dict[str, object]:
        settings = settings_for(tmp_path / "home", source, **more)
        return nightly.extract(settings, run_at("2026-06-30"), entity, silent)

    return landed
