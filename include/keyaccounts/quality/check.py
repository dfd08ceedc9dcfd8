"""Placeholder until the suites are here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keyaccounts.settings import Run, Settings


def check_landing(settings: Settings, run: Run, log: Callable[[str], None]) -> dict[str, Any]:
    return {}


def check_marts(settings: Settings, run: Run, log: Callable[[str], None]) -> dict[str, Any]:
    return {}
