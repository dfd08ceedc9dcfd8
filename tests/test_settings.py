"""Settings: what the environment may hold."""

from __future__ import annotations

import pytest

from keyaccounts.errors import ConfigurationError
from keyaccounts.settings import load_settings


def test_a_variable_of_the_dbt_profile_is_no_setting() -> None:
    environ = {"KEYACCOUNTS_DBT_WAREHOUSE": ":memory:", "KEYACCOUNTS_THREADS": "3"}
    assert load_settings(environ=environ).threads == 3


def test_an_unknown_setting_is_named() -> None:
    with pytest.raises(ConfigurationError, match="unknown setting thread;"):
        load_settings(environ={"KEYACCOUNTS_THREAD": "3"})
