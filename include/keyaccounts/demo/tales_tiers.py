"""The stories about tiers: title, what happened, and where the marts must show it."""

from __future__ import annotations

from typing import Any

from keyaccounts.demo.scene import Scene, check


def whale(s: Scene) -> dict[str, Any]:
    """Tell the story of `whale`."""
    a = s.ids["whale"]
    drop = f"tier_unit_id = '{a}' and event_type = 'drop' and effective_date = date '{s.last}'"
    return {
        "title": "A large account loses volume and falls out of tier A",
        "what_happened": "For years one of the largest accounts. It shrank for a year, then "
        "stopped two product families; the rest sells at a higher discount. It pays late.",
        "checks": [
            check(
                "tier_events",
                f"{drop} and from_tier = 'A' and to_tier in ('B', 'C') and cause = "
                "'own_decline' and severity in ('high', 'critical')",
                1,
                "It drops from A at the last month-end because its own profit fell.",
            ),
            check(
                "tier_events",
                f"tier_unit_id = '{a}' and event_type = 'drop'",
                1,
                "It never dropped before.",
            ),
            check(
                "account_tier_history",
                f"tier_unit_id = '{a}' and tier = 'A' and months_count >= 20 and valid_to = "
                f"date '{s.last}'",
                1,
                "It had been A for years.",
            ),
            check(
                "tier_drop_drivers",
                f"tier_unit_id = '{a}' and effective_date = date '{s.last}' and driver = "
                "'lost_product' and driver_amount < 0 and event_key like 'drop%'",
                1,
                "Lost product families explain part of the fall.",
            ),
            check(
                "tier_drop_products",
                f"tier_unit_id = '{a}' and effective_date = date '{s.last}' and "
                "lost_product_amount < 0 and event_key like 'drop%'",
                2,
                "Two product families are gone.",
            ),
            check(
                "receivables_aging",
                f"account_id = '{a}' and is_latest and overdue_amount > 0",
                1,
                "It owes overdue money.",
            ),
            check(
                "alert_events",
                f"unit_id = '{a}' and alert_type = 'tier_drop' and effective_date = date "
                f"'{s.last}' and delivery = 'immediate'",
                1,
                "The drop is told at once.",
            ),
        ],
    }


def flapping(s: Scene) -> dict[str, Any]:
    """Tell the story of `flapping`."""
    unit = f"tier_unit_id = '{s.ids['flapping']}'"
    return {
        "title": "A B account crosses the 0.95 line to and fro without an alarm",
        "what_happened": "Its profit goes over and under the limit of B by a few percent; "
        "the band of the down rule absorbs it.",
        "checks": [
            check(
                "tier_events",
                f"{unit} and event_type = 'watch' and from_tier = 'B'",
                "at_least_1",
                "It is watched.",
            ),
            check("tier_events", f"{unit} and event_type = 'drop'", "none", "It never drops."),
            check(
                "account_tiers", f"{unit} and tier <> 'B'", "none", "It is B at every month-end."
            ),
            check(
                "account_tiers",
                f"{unit} and raw_tier = 'C'",
                "at_least_1",
                "Its raw tier was C in some months.",
            ),
        ],
    }


def bulk(s: Scene) -> dict[str, Any]:
    """Tell the story of `bulk`."""
    unit = f"tier_unit_id = '{s.ids['bulk']}'"
    return {
        "title": "A single bulk purchase ages out of the window",
        "what_happened": "One very large invoice thirteen months before the last month-end, "
        "nothing else.",
        "checks": [
            check(
                "tier_events",
                f"{unit} and event_type in ('lapsed', 'drop') and effective_date = date "
                f"'{s.month_end(1)}' and cause = 'one_off_roll_off' and severity = 'info'",
                1,
                "It lapses, and that is no news.",
            ),
            check(
                "account_tiers",
                f"{unit} and month_end = date '{s.month_end(2)}' and is_one_off_bulk and tier "
                "= 'A'",
                1,
                "It counted as one-off bulk while in the window.",
            ),
        ],
    }


def relative(s: Scene) -> dict[str, Any]:
    """Tell the story of `relative`."""
    a = s.ids["relative"]
    return {
        "title": "An account drops although its profit did not fall",
        "what_happened": "It earns what it earned a year before; the second account of this "
        "story grew so much that the limit of A moved over it.",
        "checks": [
            check(
                "tier_events",
                f"tier_unit_id = '{a}' and event_type = 'drop' and from_tier = 'A' and "
                f"effective_date = date '{s.last}' and cause = 'relative' and "
                "own_profit_change_amount >= 0",
                1,
                "A relative drop.",
            ),
        ],
    }


def rising(s: Scene) -> dict[str, Any]:
    """Tell the story of `rising`."""
    a = s.ids["rising"]
    return {
        "title": "A small account grows fast",
        "what_happened": "First purchase 20 months before the last month-end, more every month.",
        "checks": [
            check(
                "revenue_movements",
                f"customer_key = '{a}' and month_end = date '{s.last}' and comparison = "
                "'year_over_year' and measure = 'revenue' and movement = 'expansion' and "
                "closing_amount > 2 * opening_amount",
                1,
                "Its revenue more than doubles.",
            ),
            check(
                "account_tiers",
                f"tier_unit_id = '{a}' and month_end = date '{s.last}' and tier = 'A'",
                "none",
                "It is not an A account yet.",
            ),
            check(
                "quasi_key_accounts",
                f"tier_unit_id = '{a}' and month_end = date '{s.last}' and ramp_ratio >= 2 "
                "and reasons like '%volume%'",
                1,
                "It is a candidate by its volume.",
            ),
            check(
                "account_alerts",
                f"unit_id = '{a}' and alert_type = 'candidate_enter'",
                "at_least_1",
                "The account team is told that it may become a key account.",
            ),
        ],
    }


def new(s: Scene) -> dict[str, Any]:
    """Tell the story of `new`."""
    a = s.ids["new"]
    return {
        "title": "A new customer",
        "what_happened": "First purchase in the month before the last month-end.",
        "checks": [
            check(
                "account_tiers",
                f"tier_unit_id = '{a}' and month_end = date '{s.last}' and tier = 'NEW'",
                1,
                "Too young for a tier.",
            ),
            check(
                "revenue_movements",
                f"customer_key = '{a}' and comparison = 'year_over_year' and measure = 'revenue' "
                "and movement = 'new' and is_true_new",
                1,
                "Truly new, and that once.",
            ),
        ],
    }
