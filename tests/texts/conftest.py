"""The desk of the alert tests, and the published demo company."""

from __future__ import annotations

from tests.alerts.conftest import desk, users
from tests.end_to_end.conftest import demo_source, undisturbed

__all__ = ["demo_source", "desk", "undisturbed", "users"]
