"""MetricFlow over the current publication: what there is to ask, and the answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyaccounts.errors import ConfigurationError, KeyaccountsError
from keyaccounts.publishing.publish import current_version, mart_contract
from keyaccounts.settings import PROJECT_ROOT, Settings
from keyaccounts.warehouse.dbt_process import parsed

if TYPE_CHECKING:
    from metricflow.engine.metricflow_engine import MetricFlowEngine

    from keyaccounts.metrics.publication import PublishedMarts

FILE = "keyaccounts.duckdb"
SCHEMA = "marts"


@dataclass(frozen=True)
class Question:
    """Metrics, what to group them by, and which rows count, in MetricFlow's words."""

    metrics: Sequence[str]
    group_by: Sequence[str] = ()
    where: Sequence[str] = ()
    order: Sequence[str] = ()
    limit: int | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class Answer:
    """Names of the columns, and rows; None is unknown."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Metrics:
    """The metrics of the project over one published version."""

    def __init__(self, engine: MetricFlowEngine, marts: PublishedMarts) -> None:
        """Take an engine and the marts that it asks."""
        self._engine, self._marts = engine, marts

    def names(self) -> dict[str, tuple[str, list[str]]]:
        """Return metric -> what it means, and what it can be grouped by."""
        return {
            metric.name: (
                metric.description or "",
                sorted(each.granularity_free_dunder_name for each in metric.dimensions),
            )
            for metric in self._engine.list_metrics()
        }

    def ask(self, question: Question) -> Answer:
        """Return the groups and the metrics, in the order asked for.

        Raises ConfigurationError that says what is wrong with the question.
        The SQL is MetricFlow's; its own tables would make doubles of the amounts.
        """
        columns, rows = self._marts.rows(self.sql_of(question))
        wanted = list(question.metrics)
        order = [c for c in columns if c not in wanted] + [m for m in wanted if m in columns]
        places = [columns.index(name) for name in order]
        return Answer(tuple(order), [tuple(row[place] for place in places) for row in rows])

    def sql_of(self, question: Question) -> str:
        """Return the SQL that answers the question; raises ConfigurationError like `ask`."""
        from metricflow.engine.metricflow_engine import MetricFlowQueryRequest
        from metricflow_semantics.errors.error_classes import InvalidQueryException

        request = MetricFlowQueryRequest.create(
            metric_names=question.metrics,
            group_by_names=question.group_by or None,
            where_constraints=question.where or None,
            order_by_names=question.order or None,
            limit=question.limit,
            time_constraint_start=question.start,
            time_constraint_end=question.end,
        )
        try:
            explained = self._engine.explain(mf_request=request)
        except InvalidQueryException as error:
            raise ConfigurationError(str(error).strip()) from error
        return str(explained.sql_statement.without_descriptions.sql)


@contextmanager
def open_metrics(settings: Settings) -> Iterator[Metrics]:
    """Open the version that is current now; all questions are answered by it.

    Raises ConfigurationError before the first publication.
    """
    version = current_version(settings)
    if version is None:
        raise ConfigurationError(
            f"nothing is published in {settings.home.name}: run `keyaccounts nightly` first"
        )
    text = semantic_text(PROJECT_ROOT / "dbt_project", settings)
    with metrics_over(settings, version, text) as metrics:
        yield metrics


@contextmanager
def metrics_over(settings: Settings, version: Path, text: dict[str, Any]) -> Iterator[Metrics]:
    """Open the folder of a version for the semantic models and metrics of `text`."""
    from metricflow.engine.metricflow_engine import MetricFlowEngine
    from metricflow_semantics.model.dbt_manifest_parser import (
        parse_manifest_from_dbt_generated_manifest,
    )
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    from keyaccounts.metrics.publication import PublishedMarts

    manifest = parse_manifest_from_dbt_generated_manifest(json.dumps(text))
    client = PublishedMarts(
        version / FILE, memory_limit=settings.memory_limit, threads=settings.threads
    )
    try:
        yield Metrics(MetricFlowEngine(SemanticManifestLookup(manifest), client), client)
    finally:
        client.close()


def semantic_text(project: Path, settings: Settings) -> dict[str, Any]:
    """Return the project's semantic models and metrics, as dbt writes them, over published marts.

    Raises KeyaccountsError where one rests on what is not in the common file of a publication.
    """
    from dbt.contracts.graph.semantic_manifest import SemanticManifest

    from keyaccounts.metrics.publication import DATABASE

    manifest = parsed(project, settings.home / "warehouse" / "target")
    found = SemanticManifest(manifest)._get_pydantic_semantic_manifest()
    text: dict[str, Any] = json.loads(found.json())
    marts = mart_contract()
    for model in text["semantic_models"]:
        relation = model["node_relation"]
        mart = marts.get(relation["alias"])
        if mart is None or mart.group is not None:
            raise KeyaccountsError(f"{model['name']} rests on what is not published for BI")
        relation["database"], relation["schema_name"] = DATABASE, SCHEMA
        relation["relation_name"] = f"{DATABASE}.{SCHEMA}.{mart.name}"
    return text
