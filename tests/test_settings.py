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


def test_a_spark_option_may_have_blanks_in_quotes() -> None:
    said = "spark.ui.enabled=false 'spark.driver.extraJavaOptions=-XX:A=1 -Db=c'"
    assert load_settings(environ={"KEYACCOUNTS_SPARK_OPTIONS": said}).spark_settings == {
        "spark.ui.enabled": "false",
        "spark.driver.extraJavaOptions": "-XX:A=1 -Db=c",
    }


@pytest.mark.parametrize("said", ["spark.ui.enabled", "=false", "a=1 b", "a='1"])
def test_spark_options_that_do_not_read_are_refused(said: str) -> None:
    with pytest.raises(ConfigurationError, match="spark_options"):
        load_settings(environ={"KEYACCOUNTS_SPARK_OPTIONS": said})
