"""The fixture `lifecycle_state`, and candidates at and below each limit, by the real models."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.acceptance import loaders
from tests.acceptance.loaders_candidates import DAY, candidates, converted, lifecycle_state
from tests.acceptance.test_fixtures import compare
from tests.conftest import Warehouse

Company = Callable[..., Warehouse]
LAST = f"where month_end = date '{DAY}'"


@pytest.mark.fixture("customer_lifecycle", "accounts")
def test_lifecycle_state(company: Company) -> None:
    built = company(lifecycle_state, str(DAY))
    expected = sorted(
        loaders.read("lifecycle_state", "expected_state"), key=lambda r: r["customer_key"]
    )
    compare(
        built.records(
            "select * from marts.customer_lifecycle where is_latest order by customer_key"
        ),
        expected,
        {
            "customer_key": "customer_key", "n_purchases": "purchases_count",
            "n_gaps": "gaps_count", "basis": "basis", "p90_gap_days": "p90_gap_days",
            "at_risk_after_days": "at_risk_after_days",
            "churned_after_days": "churned_after_days",
            "days_since_last": "since_last_purchase_days", "state": "lifecycle_state",
        },
    )  # fmt: skip
    states = dict(built.rows("select account_id, lifecycle_state from marts.accounts"))
    assert states == {r["customer_key"]: r["state"] for r in expected}
    # The day after the limit; L2, L3 and L5 were never at risk by the rhythm of all.
    since = built.rows(
        "select customer_key, cast(state_since_date as varchar) from marts.customer_lifecycle "
        "where is_latest order by customer_key"
    )
    assert dict(since) == {
        "L1": "2026-06-18", "L2": "2025-11-01", "L3": "2026-01-10", "L4": "2025-05-01",
        "L5": "2026-06-01", "L6": "2025-07-06", "L7": "2026-06-11", "L8": "2026-06-11",
    }  # fmt: skip


def by_unit(built: Warehouse, where: str = LAST) -> dict[str, dict[str, Any]]:
    rows = built.records(f"select * from marts.quasi_key_accounts {where}")
    return {r["tier_unit_id"]: r for r in rows}


def test_who_reaches_a_limit_is_a_candidate(company: Company) -> None:
    built = company(candidates, str(DAY))
    found = by_unit(built)
    assert {unit: r["reasons"] for unit, r in found.items()} == {
        "R": "volume", "U": "volume", "Z": "volume", "W": "volume", "J": "influence",
        "I": "influence", "G": "prospect",
    }  # fmt: skip
    for unit in "RUZ":
        assert (found[unit]["ramp_ratio"], found[unit]["candidate_score_ratio"]) == (
            Decimal("2.000000"), Decimal("0.240000"),
        )  # fmt: skip
    # Four months without any, four at 100, four at 200: the middle slopes are 20 and 22.22.
    assert found["R"]["revenue_slope_ratio"] == Decimal("0.211111")
    assert (found["W"]["wallet_share_ratio"], found["W"]["exclusivity"]) == (
        Decimal("0.900000"), "exclusive",
    )  # fmt: skip
    assert found["W"]["candidate_score_ratio"] == Decimal("0.240000")
    assert (found["J"]["referred_profit_amount"], found["J"]["candidate_score_ratio"]) == (
        30000, Decimal("0.320000"),
    )  # fmt: skip
    assert found["G"]["candidate_score_ratio"] == Decimal("0.240000")
    # Referrals are known and nothing else; a rating is half of 0.4 more.
    assert found["W"]["coverage_ratio"] == Decimal("0.350000")
    assert found["I"]["coverage_ratio"] == Decimal("0.400000")
    volumes = {
        r["tier_unit_id"]: r
        for r in built.records(f"select * from intermediate.int_candidates__volumes {LAST}")
    }
    assert volumes["T"]["ramp_ratio"] is None
    assert volumes["S"]["ramp_ratio"] == Decimal("1.999975")
    assert (volumes["X"]["exclusivity"], volumes["Y"]["exclusivity"]) == ("shared", "not_assessed")
    states = dict(
        built.rows(
            f"select tier_unit_id, lifecycle_state from intermediate.int_candidates__states {LAST}"
        )
    )
    assert (volumes["Q"]["ramp_ratio"], states["Q"]) == (Decimal("2.000000"), "at_risk")
    triage = dict(built.rows(f"select tier_unit_id, triage from marts.account_tiers {LAST}"))
    assert {unit for unit, word in triage.items() if word == "grow"} <= set(found)
    assert (triage["R"], triage["S"], triage["I"]) == ("grow", "serve_cheap", None)
    assert {r["lift_verdict"] for r in found.values()} == {"not_yet_known"}


def test_a_candidate_that_becomes_a_is_told_and_counted(company: Company) -> None:
    built = company(converted, str(DAY))
    entry, exit_ = date(2024, 6, 30), DAY
    first = by_unit(built, f"where month_end = date '{entry}'")
    assert set(first) == {"R", "Q"}
    assert (first["R"]["became_a_date"], first["R"]["is_conversion_known"]) == (exit_, True)
    assert (first["Q"]["became_a_date"], first["Q"]["is_conversion_known"]) == (None, True)
    # Of the two candidates one became A, of the others (O alone) none did.
    assert {
        (r["conversion_ratio"], r["base_conversion_ratio"], r["lift_ratio"], r["lift_verdict"])
        for r in first.values()
    } == {(Decimal("0.500000"), Decimal(0), None, "useful")}
    origin = built.records("select * from marts.tier_origins where tier_unit_id = 'R'")[0]
    assert (origin["first_a_date"], origin["previous_tier"]) == (exit_, "C")
    assert (origin["is_from_candidate"], origin["candidate_reasons"]) == (True, "volume")
    assert origin["months_as_candidate_count"] == 24
    assert origin["months_from_first_purchase_count"] == 35
    big = built.records("select * from marts.tier_origins where tier_unit_id = 'BIG'")[0]
    assert (big["previous_tier"], big["is_left_censored"]) == ("none", True)
    assert big["months_as_candidate_count"] is None
    events = {
        (r["event_key"]): json.loads(r["payload"], parse_float=Decimal)
        for r in built.records(
            "select * from marts.alert_events where source_mart = 'quasi_key_accounts'"
        )
    }
    assert set(events) == {
        f"candidate_enter|R|{entry}", f"candidate_exit|R|candidate|A|{exit_}",
        f"candidate_enter|Q|{entry}", "candidate_exit|Q|candidate|out|2024-07-31",
    }  # fmt: skip
    left = events[f"candidate_exit|R|candidate|A|{exit_}"]
    assert (left["months_count"], left["tier"], left["reasons"]) == (24, "A", "volume")
