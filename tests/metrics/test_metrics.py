"""Every metric says what the marts say, by every dimension asked; a wrong definition is seen.

Each stock added up in turn, not one of each model: METRICS_STOCKS=all in the environment.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from keyaccounts.errors import ConfigurationError, KeyaccountsError
from keyaccounts.metrics.engine import Metrics, Question, metrics_over, semantic_text
from keyaccounts.publishing.publish import mart_contract
from keyaccounts.settings import PROJECT_ROOT
from tests.end_to_end.published import Publication
from tests.metrics.claims import CLAIMS, MONTH, Claim
from tests.metrics.conftest import UNKNOWN_FROM

PROJECT = PROJECT_ROOT / "dbt_project"


def differences(metrics: Metrics, publication: Publication, claim: Claim) -> list[str]:
    """Return where the metrics and the SQL differ; a group that is not there is unknown."""
    groups = len(claim.group_by)
    answer = metrics.ask(Question(claim.metrics, claim.group_by, claim.where))
    found = {tuple(map(instant, row[:groups])): row[groups:] for row in answer.rows}
    expected = {row[:groups]: row[groups:] for row in publication.rows(claim.sql)}
    assert answer.columns == (*claim.group_by, *claim.metrics)
    assert len(expected) == len(publication.rows(claim.sql)), "the SQL has a key twice"
    assert any(value is not None for row in expected.values() for value in row), (
        "nothing to compare"
    )
    nothing = (None,) * len(claim.metrics)
    return [
        f"{key}: {metric} is {ours}, the mart says {theirs}"
        for key in found.keys() | expected.keys()
        for metric, ours, theirs in zip(
            claim.metrics, found.get(key, nothing), expected.get(key, nothing), strict=True
        )
        if not is_equal(metric, ours, theirs)
    ]


def instant(value: Any) -> Any:
    """Return a day as the instant at which it begins; the engine has both."""
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    return datetime.combine(value, time()) if is_day else value


def is_equal(metric: str, ours: Any, theirs: Any) -> bool:
    """Compare at the scale of the mart: amounts to the cent, days to 0.01, ratios to six places."""
    if ours is None or theirs is None:
        return ours is theirs
    if metric.endswith(("_amount", "_count")):
        return Decimal(ours) == Decimal(theirs)
    scale = 0.01 if metric.endswith("_days") else 0.000001
    return abs(float(ours) - float(theirs)) <= scale * 0.5001


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name.replace(" ", "-"))
def test_metrics_say_what_the_marts_say(claim: Claim, asked: Metrics, company: Publication) -> None:
    assert differences(asked, company, claim) == []


def test_every_metric_is_compared(asked: Metrics) -> None:
    assert set(asked.names()) == {metric for claim in CLAIMS for metric in claim.metrics}


def test_every_metric_and_model_has_a_meaning(text: dict[str, Any]) -> None:
    metrics = {m["name"]: m["description"] for m in text["metrics"]}
    models = {m["name"]: m["description"] for m in text["semantic_models"]}
    assert [name for name, meaning in {**metrics, **models}.items() if not meaning] == []


def measures_of(text: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for model in text["semantic_models"]:
        yield from model["measures"]


def added_up(text: dict[str, Any], name: str) -> None:
    """Add a stock up over the days of a period."""
    for measure in measures_of(text):
        if measure["name"] == name:
            assert measure["non_additive_dimension"]
            measure["non_additive_dimension"] = None


def averaged(text: dict[str, Any], metric: str, part: str, ratio: str) -> None:
    """Put the average of the rows' ratios in place of a ratio of sums; `part` is its numerator."""
    metrics = {each["name"]: each for each in text["metrics"]}
    numerator = metrics[part]
    name = numerator["type_params"]["measure"]["name"]
    for measure in measures_of(text):
        if measure["name"] == name:
            measure.update(agg="average", expr=ratio)
    metrics[metric].update({key: numerator[key] for key in ("type", "type_params", "filter")})


STOCKS = {
    model["name"]: stocks
    for file in sorted((PROJECT / "models" / "metrics").glob("*.yml"))
    for model in yaml.safe_load(file.read_text("utf-8"))["semantic_models"]
    if (stocks := [m["name"] for m in model["measures"] if "non_additive_dimension" in m])
}
ADDED_UP = [
    measure
    for stocks in STOCKS.values()
    for measure in (stocks if os.environ.get("METRICS_STOCKS") == "all" else stocks[:1])
]
"""One stock of each model, for each is asked over a definition of its own."""


def of_measure(text: dict[str, Any], name: str) -> set[str]:
    """Return the metrics that rest on a measure, at whatever distance."""
    found: set[str] = set()
    while True:
        more = {
            metric["name"]
            for metric in text["metrics"]
            if name in {m["name"] for m in metric["type_params"]["input_measures"]}
        } - found
        if not more:
            return found
        found |= more


def is_seen(
    publication: Publication, text: dict[str, Any], change: Callable[[dict[str, Any]], None],
    touched: set[str],
) -> bool:  # fmt: skip
    """Tell whether a changed definition makes at least one claim red."""
    wrong = deepcopy(text)
    change(wrong)
    with metrics_over(publication.settings, publication.folder, wrong) as metrics:
        return any(
            differences(metrics, publication, claim)
            for claim in CLAIMS
            if set(claim.metrics) & touched
        )


def test_there_are_stocks() -> None:
    assert sum(map(len, STOCKS.values())) > 60


@pytest.mark.parametrize("measure", ADDED_UP)
def test_a_stock_that_is_added_up_is_seen(
    measure: str, company: Publication, text: dict[str, Any]
) -> None:
    touched = of_measure(text, measure)
    assert touched
    assert is_seen(company, text, lambda wrong: added_up(wrong, measure), touched)


@pytest.mark.parametrize(
    ("metric", "part", "ratio"),
    [
        ("overdue_ratio", "overdue_amount", "overdue_amount / nullif(gross_open_amount, 0)"),
        ("nrr", "kept_book_amount", "closing_amount / nullif(opening_amount, 0)"),
        (
            "grr", "retained_book_amount",
            "least(opening_amount, closing_amount) / nullif(opening_amount, 0)",
        ),
        ("otif_ratio", "lines_otif_count", "otif_ratio"),
    ],
)  # fmt: skip
def test_a_ratio_that_is_averaged_is_seen(
    metric: str, part: str, ratio: str, company: Publication, text: dict[str, Any]
) -> None:
    assert is_seen(company, text, lambda wrong: averaged(wrong, metric, part, ratio), {metric})


def test_a_filter_that_is_forgotten_is_seen(company: Publication, text: dict[str, Any]) -> None:
    def forgotten(wrong: dict[str, Any]) -> None:
        for metric in wrong["metrics"]:
            if metric["name"] in ("closing_book_amount", "dso_countback_days"):
                metric["filter"] = None

    for metric in ("closing_book_amount", "dso_countback_days"):
        assert is_seen(company, text, forgotten, {metric})


def test_several_scopes_at_once_are_unknown(asked: Metrics) -> None:
    every = asked.ask(Question(("scope_dso_countback_days", "scope_cei"), (MONTH,)))
    assert every.rows
    assert {row[1:] for row in every.rows} == {(None, None)}
    one = asked.ask(Question(
        ("scope_dso_countback_days",), (MONTH,),
        ("{{ Dimension('collection__scope_type') }} = 'company'",),
    ))  # fmt: skip
    assert all(row[1] is not None for row in one.rows)


def test_unknown_is_not_a_partial_sum(asked: Metrics) -> None:
    rows = asked.ask(Question(
        ("contribution_profit_amount", "contribution_profit_known_amount"), (MONTH,)
    )).rows  # fmt: skip
    known = {month.isoformat()[:10]: row[0] for month, *row in rows if None not in row}
    partial = [month.isoformat()[:10] for month, *row in rows if row[0] is None and row[1]]
    assert min(known) < min(partial) == UNKNOWN_FROM[:8] + "01"


def test_nothing_but_published_marts_is_read(asked: Metrics) -> None:
    for metric in asked.names():
        tables = set(
            re.findall(r"(?:FROM|JOIN)\s+([\w.]+\.[\w.]+)", asked.sql_of(Question((metric,))))
        )
        assert tables
        assert all(table.startswith("published.marts.") for table in tables), metric


def test_the_publication_is_not_written_and_the_machine_not_read(company: Publication) -> None:
    from keyaccounts.metrics.publication import PublishedMarts

    client = PublishedMarts(company.folder / "keyaccounts.duckdb", memory_limit="1GB", threads=1)
    for statement in (
        "delete from published.marts.accounts", "create table published.marts.mine (i int)",
        "select * from read_text('/etc/hostname')", "copy (select 1) to '/tmp/left.csv'",
        "set enable_external_access = true",
    ):  # fmt: skip
        with pytest.raises(Exception, match=r"(?i)read-only|disabled|locked"):
            client.execute(statement)
    client.close()


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "keyaccounts.cli", "metrics", *arguments, "--home", str(home)],
        capture_output=True, text=True, check=False, cwd=PROJECT_ROOT,
        env={"PYTHONPATH": str(PROJECT_ROOT / "include"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip


def test_the_command_answers(company: Publication) -> None:
    home = company.settings.home
    done = command(
        home, "query", "--metrics", "nrr,grr", "--group-by", "metric_time__month",
        "--order=-metric_time__month", "--limit", "3",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    expected = company.rows(
        "select date_trunc('month', month_end)::date::varchar, nrr::varchar, grr::varchar "
        "from marts.retention_summary where comparison = 'year_over_year' and "
        "measure = 'revenue' and scope_type = 'company' order by 1 desc limit 3"
    )
    assert lines == [["metric_time__month", "nrr", "grr"], *map(list, expected)]


def test_the_command_says_what_is_wrong(company: Publication, tmp_path: Path) -> None:
    done = command(company.settings.home, "query", "--metrics", "nrrr", "--json")
    assert done.returncode == 2
    assert "nrr" in done.stderr
    empty = command(tmp_path, "list")
    assert (empty.returncode, "nothing is published" in empty.stderr) == (2, True)


def test_a_question_that_makes_no_sense_is_refused(asked: Metrics) -> None:
    with pytest.raises(ConfigurationError, match="concentration__scope_id"):
        asked.ask(Question(("nrr",), ("concentration__scope_id",)))


def test_marts_that_are_not_for_everybody_are_refused(
    company: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = mart_contract()
    hidden = {**kept, "account_tiers": replace(kept["account_tiers"], audience=("account_team",))}
    monkeypatch.setattr("keyaccounts.metrics.engine.mart_contract", lambda: hidden)
    with pytest.raises(KeyaccountsError, match="account_tiers"):
        semantic_text(PROJECT, company.settings)
