"""Properties of white space and cross-sells (B4, B9, B10)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.properties.crowd import Case, cents, difference
from tests.properties.white_space import cross_sells, white_space


def white_space_is_recomputed(case: Case) -> Iterator[str]:
    """Every site and family: bought, lapsed or never, and how many of the industry buy it."""
    found = {
        (r["account_id"], r["product_family"]): (
            r["tier_unit_id"], r["status"], cents(r["ttm_net_revenue_amount"]),
            r["last_order_date"], r["peer_buyers_ratio"], cents(r["peer_median_revenue_amount"]),
        )
        for r in case.mart("white_space")
    }  # fmt: skip
    if problem := difference(white_space(case.books), found):
        yield problem


def cross_sells_are_recomputed(case: Case) -> Iterator[str]:
    """Every added family: its problems, and the old business before and after."""
    found = {
        (r["customer_key"], r["product_family"]): (
            r["cross_sell_date"], cents(r["cross_sell_amount"]), r["has_problem_90d"],
            r["problem_basis"], cents(r["original_revenue_before_amount"]),
            cents(r["original_revenue_after_amount"]), r["original_change_ratio"],
            r["is_window_complete"],
        )
        for r in case.mart("cross_sells")
    }  # fmt: skip
    if problem := difference(cross_sells(case.books), found):
        yield problem


CHECKS = (white_space_is_recomputed, cross_sells_are_recomputed)
