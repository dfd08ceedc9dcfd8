"""A published company with rated costs, in the middle of a month, and its metrics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from keyaccounts.demo import generate
from keyaccounts.metrics.engine import Metrics, metrics_over, semantic_text
from keyaccounts.settings import PROJECT_ROOT
from tests.end_to_end.published import Publication, publish_again

DAY = "2026-10-20"
RULES = PROJECT_ROOT / "include" / "keyaccounts" / "demo" / "rules"
UNKNOWN_FROM = "2026-06-30"
"""From this month-end on the profit of one account is not known."""


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    """Publish the company; of one account some figures are made unknown."""
    folder = tmp_path_factory.mktemp("metrics")
    generate(folder / "source", accounts=60, months=36, end=date(2026, 10, 31))
    made = publish_again(folder / "home", folder / "source", DAY, rules_dir=str(RULES))
    con = duckdb.connect(str(made.folder / "keyaccounts.duckdb"))
    con.execute(
        "update marts.account_profitability set gross_profit_amount = null, "
        "cost_to_serve_amount = null, contribution_profit_amount = null, "
        "contribution_margin_ratio = null, cost_to_serve_ratio = null "
        f"where month_end >= date '{UNKNOWN_FROM}' and account_id = "
        "(select max(account_id) from marts.account_profitability)"
    )
    con.close()
    return made


@pytest.fixture(scope="session")
def text(company: Publication) -> dict[str, Any]:
    """Return the semantic models and metrics of the project."""
    return semantic_text(PROJECT_ROOT / "dbt_project", company.settings)


@pytest.fixture(scope="session")
def asked(company: Publication, text: dict[str, Any]) -> Iterator[Metrics]:
    """Return what answers questions over the company."""
    with metrics_over(company.settings, company.folder, text) as metrics:
        yield metrics
