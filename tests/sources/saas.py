"""Seeds of public packages with the tables of three products, as their APIs would say them."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

from tests.conftest import SHARED_DATA

SHAPES = SHARED_DATA / "saas_table_shapes"
DOCS = Path(__file__).parents[2] / "docs"


def table(product: str, name: str) -> list[dict[str, str]]:
    """Return the rows of a table."""
    file = SHAPES / product / f"{name}_data.csv"
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def instant(text: str) -> datetime:
    """Return a time of a seed (`2020-01-15 0:03:02`, UTC)."""
    day, _, time = text.partition(" ")
    hour, minute, second = (time or "0:00:00").split(":")
    moment = datetime.fromisoformat(f"{day}T{int(hour):02d}:{minute}:{second[:2]}")
    return moment.replace(tzinfo=UTC)


def number(text: str) -> int | float | None:
    """Return a number as JSON has it; None for a blank."""
    if not text:
        return None
    return float(text) if "." in text else int(text)
