"""Properties of purchase types (I27)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from tests.properties.crowd import Case, cents, difference
from tests.properties.purchases import completed_lines, customer_orders, purchase_types


def purchases_are_recomputed(case: Case) -> Iterator[str]:
    """Type, gap, won-back flag and changes of every line, as recomputed."""
    found = {
        r["order_line_id"]: (
            r["order_id"], r["account_id"], r["customer_key"], r["order_date"],
            r["product_family"], cents(r["net_amount"]), r["purchase_type"],
            r["since_previous_purchase_days"], r["is_won_back"], r["unit_price_change_ratio"],
            r["return_change_ratio"], r["otif_change_ratio"],
        )
        for r in case.mart("purchase_types")
    }  # fmt: skip
    if problem := difference(purchase_types(case.books), found):
        yield problem


def lines_have_one_type(case: Case) -> Iterator[str]:
    """I27: each completed line has one type, amounts reconcile, first is one date per customer."""
    rows = case.mart("purchase_types")
    lines = [x for x in completed_lines(case.books) if not x.is_return]
    if sorted(r["order_line_id"] for r in rows) != sorted(x.row["order_line_id"] for x in lines):
        yield f"{len(rows)} lines have a type, {len(lines)} were completed"
    if sum((r["net_amount"] for r in rows), Decimal(0)) * 100 != sum(x.net for x in lines):
        yield "the amounts of the types are not those of the lines"
    firsts: dict[str, set[date]] = defaultdict(set)
    starts: dict[tuple[str, str], set[date]] = defaultdict(set)
    for r in rows:
        if r["purchase_type"] == "first":
            firsts[r["customer_key"]].add(r["order_date"])
        if r["purchase_type"] != "repeat":
            starts[r["customer_key"], r["product_family"]].add(r["order_date"])
    for r in rows:
        if len(firsts[r["customer_key"]]) != 1:
            yield f"{r['customer_key']}: first on {sorted(firsts[r['customer_key']])}"
        if len(starts[r["customer_key"], r["product_family"]]) != 1:
            yield f"{r['customer_key']}: {r['product_family']} is new on more than one date"


def orders_are_recomputed(case: Case) -> Iterator[str]:
    """Type, amount, sales cycle, delivery and tier of every completed order, as recomputed."""
    found = {
        r["order_id"]: (
            r["account_id"], r["customer_key"], r["order_date"], r["purchase_type"],
            r["is_mixed"], cents(r["net_amount"]), r["cycle_days"], r["cycle_basis"],
            r["order_to_delivery_days"], r["is_delivered"], r["tier"],
        )
        for r in case.mart("customer_orders")
    }  # fmt: skip
    if problem := difference(customer_orders(case.books, case.ratings), found):
        yield problem


def cycles_start_where_the_order_says(case: Case) -> Iterator[str]:
    """B2: an order that names an opportunity opened by then takes its time from there."""
    opened = {
        r["opportunity_id"]: r["opened_on"] for r in case.inputs.rows.get("crm_opportunities", [])
    }
    orders = {r["order_id"]: r for r in case.inputs.rows.get("erp_orders", [])}
    for r in case.mart("customer_orders"):
        start = opened.get(orders[r["order_id"]]["opportunity_id"])
        is_named = start is not None and start <= r["order_date"]
        if is_named != (r["cycle_basis"] == "named_opportunity"):
            yield f"{r['order_id']}: its cycle starts from {r['cycle_basis']}"
        if is_named and r["cycle_days"] != (r["order_date"] - start).days:
            yield f"{r['order_id']}: {r['cycle_days']} days since {start}"


CHECKS = (
    purchases_are_recomputed,
    lines_have_one_type,
    orders_are_recomputed,
    cycles_start_where_the_order_says,
)
