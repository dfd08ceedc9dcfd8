"""Where A accounts come from, at what a random company hardly meets."""

from __future__ import annotations

from tests.properties.harness import Builder
from tests.properties.small import account, company, invoice


def test_a_first_purchase_after_the_first_a_is_none_before_it() -> None:
    """LATER earned what it was A for with an invoice that was reversed in full: no purchase."""
    inputs = company(
        "2026-06-30",
        [account("OLD"), account("LATER"), account("SOON")],
        [
            invoice("O", "OLD", "2024-01-01", "100.00"),
            invoice("L", "LATER", "2025-02-10", "500.00", order_id="X"),
            invoice("N", "LATER", "2025-08-10", "-500.00", order_id="X",
                    document_type="credit_note"),
            invoice("P", "LATER", "2026-03-05", "700.00"),
            invoice("S", "SOON", "2025-09-30", "800.00"),
        ],
    )  # fmt: skip
    builder = Builder()
    builder.build({1: inputs}, ["tier_origins"])
    assert builder.rows(
        "select tier_unit_id, first_a_date::varchar, months_from_first_purchase_count "
        "from marts.tier_origins order by 1"
    ) == [("LATER", "2025-02-28", None), ("OLD", "2024-12-31", 11), ("SOON", "2025-12-31", 3)]
    names = [n for n in builder.data_tests({1: inputs}) if "origins_have" in n]
    assert len(names) == 1
    assert builder.failures({1: inputs}, names) == {}
