"""The words of the alerts: a sentence per alert type, names of drivers, measures and causes."""

from __future__ import annotations

TITLES = {
    "tier_drop": "{name} drops from {from_value} to {to_value}",
    "tier_watch": "{name} is at risk: tier {from_value}, this month's figures say {to_value}",
    "tier_lapsed": "{name} has had no sales for twelve months (was {from_value})",
    "tier_rise": "{name} rises from {from_value} to {to_value}",
    "tier_reactivated": "{name} buys again and is rated {to_value}",
    "tier_config_change": "The tier thresholds changed",
    "payment_trap_enter": "{name} has become a payment trap",
    "payment_trap_exit": "{name} is no longer a payment trap",
    "overdue_90_enter": "{name} has an invoice more than 90 days overdue",
    "credit_watch": "{name} has used at least 90 % of the credit limit",
    "credit_hold": "{name} is on credit hold",
    "promise_broken": "{name} did not pay on the promised day",
    "owner_drag_review": "Receivables of owner {unit_id} need review",
    "cash_control_review": "Cash received from {name} needs review",
    "churn_state_enter": "{name} buys less often than it used to: {to_value} (was {from_value})",
    "won_back": "{name} is won back",
    "bought_growth": "{name} grows on discounts",
    "single_threaded_enter": "The relationship with {name} hangs on one person",
    "stage_loss": "The relationship with {name} falls from stage {from_value} to {to_value}",
    "contact_overdue": "{name} has not been contacted within the agreed time",
    "neglected_a": "{name} is tier A and waits while its owner is with C accounts",
    "owner_left": "Account manager {name} has left",
    "mass_departure": "Several account managers of {unit_id} have left",
    "candidate_enter": "{name} may become a key account",
    "candidate_exit": "{name} is no longer a key-account candidate ({to_value})",
    "concentration_threshold": "Concentration of {measure} in {scope_name} rises to {to_value}",
    "base_eroding": "The customer base erodes while key accounts grow",
    "reconciliation_failed": "Check {check_name} failed",
}
DRIVERS = {
    "volume": "Volume of products bought in both years",
    "list_price": "List prices",
    "discount": "Discounts",
    "unit_cost": "Unit costs",
    "lost_product": "Products no longer bought",
    "new_product": "New products",
    "unexplained": "Lines without a product",
    "cost_to_serve": "Cost to serve (visits, calls, cases, orders, returns)",
}
MEASURES = {
    "contribution_profit": "Contribution profit",
    "gross_profit": "Gross profit",
    "net_revenue": "Net revenue",
}
CAUSES = {
    "own_decline": "Own decline: the account's own figures fell.",
    "relative": "Relative: the account held its own, the others grew.",
    "one_off_roll_off": "One-off: a single bulk purchase has left the twelve months.",
    "hierarchy_change": "Group change: accounts joined or left the group.",
    "config_change": "Rule change: only the thresholds moved.",
}
STATES = {"active": "active", "at_risk": "at risk", "churned": "lost"}
LABELS = {
    "active_contacts_count": "Contacts who spoke with us lately",
    "active_own_users_count": "Of us who spoke with them",
    "activities_count": "Activities in 12 months",
    "contact_limit_days": "Days within which it is to be spoken with",
    "owner_c_activities_count": "Activities of the owner with C accounts meanwhile",
    "last_two_way_date": "Last two-way contact",
    "talks_count": "Talks lately",
    "top_contact_ratio": "Share of the busiest contact",
    "silence_days": "Days since the last purchase",
    "rhythm_basis": "Rhythm taken from",
    "year_before_profit_amount": "Profit in the year to the last purchase",
    "gross_open_amount": "Open receivables",
    "overdue_90_plus_amount": "More than 90 days overdue",
    "ttm_profit_amount": "Profit in 12 months",
    "invoice_id": "Document",
    "invoices_count": "Documents concerned",
    "left_open_amount": "Open on them when the promised day was over",
    "missing_amount": "Of the promise not paid",
    "paid_amount": "Paid by the promised day",
    "promised_amount": "Promised",
    "promised_date": "Promised day",
    "accounts_count": "Customers with a share",
    "effective_accounts": "As many customers of one size",
    "hhi_points": "Index of concentration (10,000 is one customer)",
    "scope_name": "Concentrated in",
    "top1_ratio": "Share of the largest",
    "top3_ratio": "Share of the largest three",
    "total_positive_amount": "Total",
    "without_top1_amount": "Without the largest",
    "check_name": "Check",
    "left_amount": "Our figure",
    "right_amount": "Control figure",
    "old_valid_from": "Thresholds before, valid from",
    "new_valid_from": "Thresholds now, valid from",
    "current_discount_ratio": "Discount of list price now",
    "prior_discount_ratio": "Discount of list price the year before",
    "extra_discount_amount": "What the higher discount cost",
    "net_growth_ratio": "Growth of net sales",
    "net_sales_current_amount": "Net sales in 12 months",
    "net_sales_prior_amount": "Net sales the year before",
}
NEXT_BY_CAUSE = {
    "relative": "Find what else the account could buy; it needs growth, not repair.",
    "one_off_roll_off": "Ask whether another bulk order is planned; nothing else is wrong.",
    "hierarchy_change": "Check that the group structure in the CRM is right.",
    "config_change": "Nothing to do for the account.",
}
NEXT_BY_DRIVER = {
    "volume": "Ask what changed in the customer's demand and agree an order plan.",
    "list_price": "Review the list prices of what this account buys.",
    "discount": "Review the discounts with the next offer; they cost the most.",
    "unit_cost": "Pass the higher unit cost on, or find a cheaper supply.",
    "lost_product": "Ask why {products} is no longer bought and who supplies it now.",
    "new_product": "Review the margin of the new products.",
    "unexplained": "Have the invoice lines without a product checked first.",
    "cost_to_serve": "Look at which visits, cases and returns cost most, and agree fewer of them.",
}
NEXT_BY_TYPE = {
    "churn_state_enter": "Call the customer: ask what it needs now, and whether somebody else "
    "supplies it.",
    "won_back": "Find out what brought the customer back, and agree the next order.",
    "contact_overdue": "Call the customer this week.",
    "single_threaded_enter": "Meet a second person there, and take a second one of us along.",
    "stage_loss": "Look at which departments, or which work together, fell away, and win one back.",
    "neglected_a": "Speak with the customer this week; leave C accounts to inside sales.",
    "tier_rise": "Thank the customer and agree how to keep the tier.",
    "tier_reactivated": "Find out what brought the customer back and agree the next order.",
    "promise_broken": "See that no receipt of the customer waits unapplied; then call, ask what "
    "kept it from paying, and agree a new day.",
    "overdue_90_enter": "Call the customer about the oldest invoice and agree a payment date.",
    "payment_trap_enter": "First see that all money received is applied. Before the next order "
    "agree shorter terms, part payment in advance, or a price that pays for the waiting.",
    "credit_watch": "Agree a payment before the next order, or ask finance for another limit.",
    "owner_left": "Name a new account manager for each account today, and go there together; begin "
    "with those that hung on single people.",
    "mass_departure": "Speak with the customers in person this week, largest exposure first, "
    "before those who left do; name new account managers.",
    "base_eroding": "See in retention_summary which channels and tiers lost most, and who cares "
    "for customers that are not A.",
    "concentration_threshold": "Agree how to keep the largest customers and which others can grow, "
    "before one of them is missing.",
    "bought_growth": "Check which offers the higher discounts were given for before the next one.",
    "candidate_enter": "Agree with the account manager what this account needs to become a key "
    "account, and check what is not known of it.",
    "candidate_exit": "As a key account it gets a plan of its own; otherwise ask what has changed.",
    "credit_hold": "No further delivery until the limit is cleared with finance.",
    "owner_drag_review": "Compare open items and unapplied receipts of these accounts with the "
    "bank statements, and ask for confirmed balances. A flag for review, not a finding.",
    "cash_control_review": "Confirm the balance with the customer and trace the receipts. "
    "A flag for review, not a finding.",
    "reconciliation_failed": "Business alerts wait until the difference is explained or released.",
}
REMINDER = "reminder {number} of 2"
UNANSWERED = "{owner} was told and reminded twice"
SECTIONS = {
    "escalated": "Nobody answered: please see to it",
    "found_late": "Found late (true for more than 7 days when first seen)",
    "retracted": "Retracted: no longer true after a correction of the data",
    "reinstated": "Reinstated: true again",
}
HOLDS = {
    "circuit_breaker": "more has changed at once than is likely",
    "blocking_check": "a check that differs",
}


def title(alert_type: str, **facts: object) -> str:
    """Return the sentence for an alert type; an unknown type is named as it is."""
    known = TITLES.get(alert_type)
    if known is None:
        return f"{facts.get('name')}: {alert_type.replace('_', ' ')}"
    said = {key: STATES.get(str(value), value) for key, value in facts.items()}
    return known.format_map(_Blank(said))


def label(key: str) -> str:
    """Return the words for a key of a payload."""
    words = key.removesuffix("_amount").removesuffix("_ratio").replace("_", " ")
    return LABELS.get(key) or words[:1].upper() + words[1:]


class _Blank(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "unknown"
