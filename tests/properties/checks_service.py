"""Properties of levels of service (V1 to V5, B6)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.properties.crowd import Case, difference
from tests.properties.service import Service, service_levels, service_site_levels

OF_ACCOUNT = (
    "tier_unit_id", "tier", "lines_due_count", "lines_otif_count", "otif_ratio",
    "lines_without_promise_count", "response_due_count", "response_met_count",
    "response_sla_ratio", "resolution_due_count", "resolution_met_count", "resolution_sla_ratio",
    "sites_count", "site_sla_deviation_ratio", "site_sla_spread_ratio", "return_ratio",
    "orders_count", "complaints_count", "complaints_per_100_orders", "disputes_count",
    "open_cases_count", "open_severe_cases_count", "first_response_hours", "resolution_hours",
    "proactive_ratio", "order_to_delivery_days", "peer_order_to_delivery_days",
    "peer_delivery_coverage_ratio", "green_channel_gain_days", "quote_to_order_days",
    "peer_quote_to_order_days", "peer_quote_coverage_ratio",
)  # fmt: skip
OF_SITE = (
    "cases_count", "response_sla_ratio", "resolution_sla_ratio", "first_response_hours",
    "resolution_hours", "a_accounts_response_sla_ratio",
)  # fmt: skip


def service_is_recomputed(case: Case) -> Iterator[str]:
    """Every external account at every month-end: deliveries, cases, contacts and lead times."""
    service = Service(case.books, case.windows, case.ratings)
    expected = {k: v for day in case.ratings for k, v in service_levels(service, day).items()}
    found = {
        (r["month_end"], r["account_id"]): tuple(r[c] for c in OF_ACCOUNT)
        for r in case.mart("service_levels")
    }
    for key, row in expected.items():
        if found.get(key) != row:
            pairs = zip(OF_ACCOUNT, row, found.get(key, ()), strict=False)
            yield f"{key}: {[(c, e, f) for c, e, f in pairs if e != f]} (expected, found)"
    if problem := difference(expected, found):
        yield problem


def sites_are_recomputed(case: Case) -> Iterator[str]:
    """Every service site at every month-end."""
    service = Service(case.books, case.windows, case.ratings)
    expected = {k: v for day in case.ratings for k, v in service_site_levels(service, day).items()}
    found = {
        (r["month_end"], r["service_site"]): tuple(r[c] for c in OF_SITE)
        for r in case.mart("service_site_levels")
    }
    if problem := difference(expected, found):
        yield problem


CHECKS = (service_is_recomputed, sites_are_recomputed)
