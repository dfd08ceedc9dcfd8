"""I12: more receivables are never fewer days, whatever the sales."""

from __future__ import annotations

from itertools import pairwise

from tests.properties.crowd import crowd

OWED = "aging.gross_open_amount as ending_amount"
Key = tuple[object, ...]


def test_the_countback_grows_with_the_receivables() -> None:
    built = crowd(0, 30)

    def walked() -> dict[Key, tuple[object, object]]:
        return {
            (seed, r["as_of_date"], r["scope_type"], r["scope_id"]): (
                r["dso_countback_days"], r["uncovered_amount"]
            )
            for seed, rows in built.rows("collection_metrics").items()
            for r in rows
        }  # fmt: skip

    steps = [walked()]
    for more in ("0.01", "50.00", "5000.00", "10000000.00"):
        other = OWED.replace("amount as", f"amount + {more} as")
        with built.broken({"collection_metrics": (OWED, other)}):
            steps.append(walked())
    assert len(steps[0]) > 1000
    for fewer, more in pairwise(steps):
        assert [key for key in fewer if not fewer[key] <= more[key]] == []
    assert all(uncovered > 0 for _, uncovered in steps[-1].values())
    # Each step has to be seen: the middle ones lie inside the sales of most scopes.
    assert sum(steps[0][key] < steps[2][key] for key in steps[0]) > len(steps[0]) // 2
