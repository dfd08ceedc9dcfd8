"""The stories one by one: title, what happened, and where the marts must show it."""

from __future__ import annotations

from typing import Any

from keyaccounts.demo import tales_tiers as tiers
from keyaccounts.demo.scene import Scene, Teller, added_on, check, left_on, second_on


def _slow(s: Scene) -> dict[str, Any]:
    account = f"account_id = '{s.ids['slow']}'"
    return {
        "title": "A dealer pays after 180 days on terms of 60",
        "what_happened": "Every invoice is paid in full, about 120 days late.",
        "checks": [
            check(
                "receivables_aging",
                f"{account} and is_latest and overdue_1_30_amount > 0 and "
                "overdue_31_60_amount > 0 and overdue_61_90_amount > 0 and "
                "overdue_90_plus_amount > 0",
                1,
                "All overdue buckets are full.",
            ),
            check(
                "payment_behaviour",
                f"{account} and is_latest and payment_trap_status = 'trap' and reasons like "
                "'%slow_vs_terms_and_peers%'",
                1,
                "It is a payment trap.",
            ),
            check(
                "collection_metrics",
                f"scope_type = 'account' and scope_id = '{s.ids['slow']}' and is_latest and "
                "to_pay_days > 160 and late_days > 100 and dso_countback_days > 150",
                1,
                "It takes half a year to pay, and half a year of sales is open.",
            ),
        ],
    }


def _cash(s: Scene) -> dict[str, Any]:
    ids = ", ".join(f"'{s.ids[f'cash{i}']}'" for i in range(1, 5))
    return {
        "title": "Cash of one owner's customers lies unapplied for months",
        "what_happened": f"The customers of {s.slow_owner} pay twelve days late; the cash is "
        "applied to their invoices more than a hundred days later.",
        "owner_user_id": s.slow_owner,
        "checks": [
            check(
                "receivables_aging",
                f"account_id in ({ids}) and is_latest and unapplied_cash_amount > 0 and "
                "overdue_amount > current_amount",
                4,
                "Money is there, and still overdue.",
            ),
            check(
                "owner_receivables",
                f"owner_user_id = '{s.slow_owner}' and is_latest and is_review_needed and "
                "reasons = 'overdue_above_peers|cash_received_not_applied'",
                1,
                "The owner's receivables need a review.",
            ),
            check(
                "cash_control",
                f"account_id in ({ids}) and is_latest and unapplied_over_30d_amount > 0",
                4,
                "Cash older than 30 days is not applied.",
            ),
            check(
                "collection_metrics",
                f"scope_type = 'owner' and scope_id = '{s.slow_owner}' and is_latest and "
                "late_days > 100 and overdue_ratio > 0.5 and cei < 0.5",
                1,
                "What is collected for this owner comes late, and less than half of it.",
            ),
        ],
    }


def _won_back(s: Scene) -> dict[str, Any]:
    keys = f"customer_key in ('{s.ids['back_a']}', '{s.ids['lost_b']}')"
    now = f"month_end = date '{s.last}' and comparison = 'year_over_year' and measure = 'revenue'"
    return {
        "title": "Two lost customers come back under new account numbers",
        "what_happened": "Both stopped 27 months before the last month-end and bought again "
        "in the last three. One old record is merged into the new one, the other shares its "
        "tax id.",
        "checks": [
            check(
                "revenue_movements",
                f"{keys} and {now} and movement = 'won_back'",
                2,
                "Both are won back.",
            ),
            check(
                "revenue_movements", f"{keys} and movement = 'new'", "none", "Neither is ever new."
            ),
        ],
    }


def _cross(s: Scene) -> dict[str, Any]:
    key = f"customer_key = '{s.ids['cross']}'"
    return {
        "title": "A cross-sell goes wrong and costs the old business",
        "what_happened": f"A new product family was bought on {added_on(s)}, complained about "
        "and returned within 90 days. From the next month on the old families sell a third "
        "of what they did.",
        "checks": [
            check(
                "revenue_movements",
                f"{key} and month_end = date '{s.last}' and comparison = 'year_over_year' and "
                "measure = 'revenue' and movement = 'contraction' and closing_amount < 0.6 * "
                "opening_amount",
                1,
                "Its revenue contracts.",
            ),
            check(
                "cross_sells",
                f"{key} and product_family = 'Sensors' and problem_basis = 'both' and "
                "is_window_complete and original_change_ratio < -0.3",
                1,
                "The problem is seen, and what it cost.",
            ),
        ],
    }


def _single(s: Scene) -> dict[str, Any]:
    account = f"account_id = '{s.ids['single']}'"
    return {
        "title": "An A account hangs on one contact and one owner, and the owner left",
        "what_happened": f"All contact runs between one person there and {s.gone_owner}, who "
        f"was deactivated on {left_on(s)} and is still the owner.",
        "owner_user_id": s.gone_owner,
        "checks": [
            check(
                "accounts",
                f"{account} and tier = 'A' and owner_user_id = '{s.gone_owner}' and not "
                "has_active_owner",
                1,
                "An A account without an active owner.",
            ),
            check(
                "relationship_stages",
                f"{account} and is_latest and is_single_threaded and active_contacts_count = "
                "1 and active_own_users_count = 1",
                1,
                "One thread only.",
            ),
            check(
                "owner_turnover", f"{account} and change_type = 'owner_left'", 1, "The owner left."
            ),
        ],
    }


def _team(s: Scene) -> dict[str, Any]:
    ids = f"'{s.ids['single']}', '{s.ids['cross']}'"
    return {
        "title": "Two account managers of one team leave within days",
        "what_happened": f"{s.gone_owner}, who owned {s.ids['single']}, was deactivated on "
        f"{left_on(s)}; {s.second_gone}, who owned {s.ids['cross']}, on {second_on(s)}. Nobody "
        "has taken over.",
        "checks": [
            check(
                "owner_turnover",
                f"account_id in ({ids}) and change_type = 'owner_left' and is_mass_departure and "
                "new_owner_user_id is null",
                2,
                "Both accounts are part of a mass departure.",
            ),
            check(
                "account_alerts",
                f"alert_type = 'owner_left' and unit_id in ('{s.gone_owner}', '{s.second_gone}')",
                2,
                "Each departure is told.",
            ),
            check(
                "account_alerts",
                f"alert_type = 'mass_departure' and severity = 'critical' and effective_date = "
                f"date '{second_on(s)}'",
                1,
                "The second one makes it critical.",
            ),
        ],
    }


def _bought(s: Scene) -> dict[str, Any]:
    a = s.ids["bought"]
    return {
        "title": "Growth that was bought with discounts",
        "what_happened": "Sales rose by a quarter while the discount went from 6 % to 14 %.",
        "checks": [
            check(
                "revenue_movements",
                f"customer_key = '{a}' and month_end = date '{s.last}' and comparison = "
                "'year_over_year' and measure = 'revenue' and movement = 'expansion'",
                1,
                "Revenue alone looks fine.",
            ),
            check(
                "account_profitability",
                f"account_id = '{a}' and month_end = date '{s.last}' and growth_quality = "
                "'bought_growth' and discount_change_ratio > 0.05",
                1,
                "The growth was bought.",
            ),
        ],
    }


TALES: dict[str, tuple[Teller, tuple[str, ...]]] = {
    "whale_losing_volume": (tiers.whale, ("whale",)),
    "flapping_b": (tiers.flapping, ("flapping",)),
    "one_off_bulk": (tiers.bulk, ("bulk",)),
    "slow_dealer": (_slow, ("slow",)),
    "cash_sitting_owner": (_cash, ("cash1", "cash2", "cash3", "cash4")),
    "won_back": (_won_back, ("back_a", "back_b", "lost_a", "lost_b")),
    "cross_sell_gone_wrong": (_cross, ("cross",)),
    "single_threaded_left": (_single, ("single",)),
    "team_leaves": (_team, ()),
    "rising_small": (tiers.rising, ("rising",)),
    "bought_growth": (_bought, ("bought",)),
    "relative_drop": (tiers.relative, ("relative", "grower")),
    "new_customer": (tiers.new, ("new",)),
}
