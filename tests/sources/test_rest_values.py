"""How single values come from JSON, and that what is documented can be read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from keyaccounts.errors import ConfigurationError
from keyaccounts.sources.config import load_sources
from keyaccounts.sources.paths import Path, Template, filled, placeholders, scalar
from keyaccounts.sources.rest_levels import field_of
from keyaccounts.sources.rest_rows import shaped
from tests.sources.saas import DOCS

BERLIN = {"zone": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("spec", "kind", "said", "meant"),
    [
        ({}, "timestamp", "2026-03-01T10:00:00Z", "2026-03-01 10:00:00+00:00"),
        ({}, "timestamp", "2026-03-01T10:00:00.123+0200", "2026-03-01 08:00:00.123000+00:00"),
        ({}, "timestamp", "2026-03-01 10:00:00", "2026-03-01 10:00:00+00:00"),
        (BERLIN, "timestamp", "2026-03-01T10:00:00", "2026-03-01 09:00:00+00:00"),
        # The night on which an hour is twice there: the first of the two.
        (BERLIN, "timestamp", "2026-10-25T02:30:00", "2026-10-25 00:30:00+00:00"),
        (BERLIN, "timestamp", "2026-10-25T03:00:00", "2026-10-25 02:00:00+00:00"),
        # And the one on which it is missing.
        (BERLIN, "timestamp", "2026-03-29T02:30:00", "2026-03-29 01:30:00+00:00"),
        ({"zone": "Asia/Shanghai"}, "timestamp", "2026-03-01T10:00:00+01:00",
         "2026-03-01 09:00:00+00:00"),
        ({"epoch": "ms"}, "timestamp", "1772323200123", "2026-03-01 00:00:00.123000+00:00"),
        ({"epoch": "s"}, "timestamp", "-1", "1969-12-31 23:59:59+00:00"),
        ({}, "timestamp", "soon", "soon"),
        ({}, "date", "2026-03-01", "2026-03-01"),
        # A time is no day, unless it is said where.
        ({}, "date", "2026-03-01T23:30:00Z", "2026-03-01T23:30:00Z"),
        (BERLIN, "date", "2026-03-01T23:30:00Z", "2026-03-02"),
        (BERLIN, "date", "2026-03-01T23:30:00", "2026-03-01"),
        ({"zone": "America/Los_Angeles", "epoch": "ms"}, "date", "1772323200123", "2026-02-28"),
        (BERLIN, "date", "tomorrow", "tomorrow"),
        ({"times": -1}, "money", "0.10", "-0.10"),
        ({"times": -1}, "money", "-12345678901234567.89", "12345678901234567.89"),
        ({"times": "1/100"}, "money", "12345", "123.45"),
        ({"times": "1/100"}, "money", "12345.5", "123.46"),
        ({"times": "1/60"}, "integer", "90", "2"),
        ({"times": "1/60"}, "integer", "-90", "-2"),
        ({"times": "1/3"}, "quantity", "1", "0.3333"),
        ({"times": -1}, "money", "free", "free"),
        ({"times": -1}, "money", "NaN", "NaN"),
        ({"values": {"A": "b", True: "yes", 3: None}}, "text", "A", "b"),
        ({"values": {"A": "b", True: "yes", 3: None}}, "text", "true", "yes"),
        ({"values": {"A": "b", True: "yes", 3: None}}, "text", "3", None),
        ({"values": {"A": "b", True: "yes", 3: None}}, "text", "C", "C"),
    ],
)  # fmt: skip
def test_a_value_is_shaped(spec: dict[str, Any], kind: str, said: str, meant: str | None) -> None:
    assert shaped(said, field_of({"path": "x", **spec}, 1, None), kind) == meant


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a", [1]), ("b.c", [Decimal("0.10")]), ("b.x", []), ("b.c.d", []), ("$", None),
        ("@", None),
        ("l[0].n", [1]), ("l[*].n", [1, 2]), ("l[?(@.k == 'y')].n", [2]), ("x-y", [3]),
        ("l[?(@.k != 'y')].n", [1]),
    ],
)  # fmt: skip
def test_a_path_finds(path: str, found: list[Any] | None) -> None:
    row = {"a": 1, "b": {"c": Decimal("0.10")}, "l": [{"n": 1, "k": "x"}, {"n": 2, "k": "y"}],
           "x-y": 3}  # fmt: skip
    assert Path(path).all(row) == ([row] if found is None else found)


def test_a_text_with_paths() -> None:
    row, record = {"n": 2, "none": None}, {"id": Decimal("7.0")}
    assert Template("{$.id}-{n}").value(row, record) == "7.0-2"
    assert Template("{$.id}-{none}").value(row, record) is None
    assert Template("n").value(row, record) == 2
    with pytest.raises(ConfigurationError, match="is no JSONPath"):
        Template("{a..[}")


def test_what_a_request_holds_is_filled() -> None:
    from datetime import UTC, datetime

    values = {"start": datetime(2026, 3, 1, 2, tzinfo=UTC), "fields": ["a.b", "a.c", "d"]}
    body = {"q": "x >= '{start}' {offset}", "day": "{start:%Y-%m-%d}", "ms": "{start:ms}", "n": 5,
            "names": ["{fields:a.}", "z"], "all": "{fields}", "no": None}  # fmt: skip
    assert filled(body, values) == {
        "q": "x >= '2026-03-01T02:00:00Z' {offset}", "day": "2026-03-01", "ms": "1772330400000",
        "n": 5, "names": ["b", "c", "z"], "all": "a.b,a.c,d",
    }  # fmt: skip
    assert placeholders(body) == {"start", "offset", "fields"}


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (12, "12"), (Decimal("1E+2"), "100"), (Decimal("0.10"), "0.10"), ("a", "a"),
     (None, None), ([1, "x"], '[1, "x"]')],
)  # fmt: skip
def test_a_scalar_keeps_its_digits(value: Any, text: str | None) -> None:
    assert scalar(value) == text


@pytest.mark.parametrize("product", ["northwind", "rest", "salesforce", "hubspot", "quickbooks"])
def test_what_is_documented_can_be_read(product: str) -> None:
    sources = load_sources(DOCS / product / "sources.yml")
    assert set(sources.mappings) >= {"crm_accounts", "erp_invoices", "erp_invoice_lines"}
