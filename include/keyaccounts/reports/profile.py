"""One account on one screen: what to do, where it stands, what is known of it and what is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from textwrap import wrap
from typing import Any

from keyaccounts.alerts.formats import one_line
from keyaccounts.alerts.wording import title
from keyaccounts.reports.figures import amount, percent, words

Facts = dict[str, Any]
WIDTH = 100

# What each word of `accounts.next_steps` asks for; {} takes the columns of the row.
STEPS: dict[str, str] = {
    "resolve_conflict": "Settle the open severe complaint or dispute first",
    "assign_owner": "Give it an account manager: nobody active owns it",
    "settle_credit": "Agree on a payment or another limit: {utilisation} of the credit limit used",
    "collect_overdue": "Collect {overdue_31_plus_amount} that is 31 and more days overdue",
    "review_terms": "Review terms and price: it pays after {collection_cycle_days} days, "
    "agreed are {terms_days}",
    "review_exit": "Decide whether to go on: it makes a loss and is no candidate",
    "win_back": "Win it back: no purchase since {last_purchase_date}",
    "halt_decline": "Halt the decline: {decline}",
    "make_contact": "Speak with it: {silence}, agreed are {contact_limit_days} days",
    "meet_more_people": "Meet more people: the relationship hangs on one person",
    "meet_executives": "Bring executives together: {executive_silence}",
    "develop": "Develop it: a candidate by {candidate_reasons}",
    "assess": "Find out: {not_assessed}",
    "offer_family": "Offer {next_family}: its industry buys it",
}


def profile_lines(facts: Facts) -> list[str]:
    """Return the account in a screenful; `facts` as `explain` gives them."""
    account, currency = facts["account"], facts["published"]["base_currency"]
    owner = account["owner_name"] or account["owner_user_id"]
    lines = [
        f"{one_line(account['account_name'], 60)} ({account['account_id']}), figures as of "
        f"{facts['published']['as_of_date']}, {currency}",
        "  " + " · ".join(
            one_line(part, 30)
            for part in (account["region"], account["industry_code"], account["channel"])
            if part
        ) + f" · account manager {one_line(owner, 40) if owner else 'none'}",
        *_identity(facts),
    ]  # fmt: skip
    if account["is_internal"]:
        return [*lines, "  An internal account: it has no tier."]
    for heading, section in SECTIONS:
        if said := section(facts):
            lines += [heading, *(f"  {line}" for part in said for line in _wrapped(part))]
    return lines


def _wrapped(text: str) -> list[str]:
    return wrap(text, WIDTH - 2, subsequent_indent="    ") or [""]


def _identity(facts: Facts) -> list[str]:
    account, lines = facts["account"], []
    if account["customer_key"] != account["account_id"]:
        lines.append(
            f"  It is one customer with {account['customer_key']} (merged, or same tax id)."
        )
    if account["tier_unit_id"] != account["customer_key"]:
        lines.append(f"  Its tier is that of its ultimate parent {account['tier_unit_id']}.")
    if len(facts["members"]) > 1:
        lines.append(f"  The unit has {len(facts['members'])} accounts.")
    return lines


def _steps(facts: Facts) -> list[str]:
    account = facts["account"]
    if account["is_merged_away"]:
        return [f"Nothing here: the record lives on as {account['customer_key']}."]
    if not account["next_steps"]:
        return ["Nothing is due."]
    row = {**account, **facts["payments"], **facts["credit"]}
    shown: dict[str, str] = {key: _shown(value) for key, value in row.items()}
    shown["utilisation"] = (
        percent(row["utilisation_ratio"])
        if row.get("utilisation_ratio") is not None
        else "more than all"
    )
    shown["silence"] = _ago(account["since_two_way_contact_days"], "nobody ever did")
    shown["executive_silence"] = _ago(account["since_executive_contact_days"], "they never met")
    shown["decline"] = ", ".join(_declines(facts))
    for key in ("candidate_reasons", "not_assessed"):
        shown[key] = words(account[key])
    return [
        f"{number}. {STEPS[step].format_map(shown)}."
        for number, step in enumerate(account["next_steps"].split("|"), start=1)
    ]


def _declines(facts: Facts) -> list[str]:
    account = facts["account"]
    return [
        reason
        for holds, reason in (
            (
                account["dropped_from_tier"],
                f"it dropped from {account['dropped_from_tier']} at the last month-end",
            ),
            (account["is_at_risk"], "the figures of the last month-end are a worse tier"),
            (
                account["is_predicted_worse"],
                f"at the next month-end they would say {account['predicted_tier']}",
            ),
            (account["lifecycle_state"] == "at_risk", "it buys less often than it used to"),
        )
        if holds
    ]


def _standing(facts: Facts) -> list[str]:
    account = facts["account"]
    if not facts["unit_months"]:
        return ["Not rated yet: there is no complete twelve-month window."]
    now = facts["unit_months"][0]
    rules = facts["rules"][str(now["tier_config_valid_from"])]
    lines = [
        f"Tier {now['tier']} since {account['tier_since_date']}; {now['month_end']} alone says "
        f"{now['evaluated_tier']}, today {account['provisional_tier'] or 'nothing'}, the forecast "
        f"for the next month-end {account['predicted_tier'] or 'nothing'} (rules of "
        f"{now['tier_config_valid_from']})"
    ]
    if now["tier"] == "INACTIVE":
        lines.append("No line in the last twelve months")
    else:
        share = now["cum_share_before_ratio"]
        lines += [
            f"{now['measure_used'].replace('_', ' ').capitalize()} of twelve months "
            f"{amount(now['ttm_profit_amount'])} on revenue of "
            f"{amount(now['ttm_net_revenue_amount'])}, rank {now['profit_rank'] or 'none'}",
            f"Units with more profit hold {share or 0:.4%} of all positive profit: below "
            f"{float(rules['threshold_a']):.0%} is A, below {float(rules['threshold_b']):.0%} is B",
        ]
    if now["down_streak_count"]:
        lines.append(
            f"Down-eligible for {now['down_streak_count']} month-end(s) in a row: "
            f"{rules['down_month_ends']} make a drop"
        )
    traits = [
        f"key account by {words(account['key_account_basis'])}"
        if account["is_key_account"] else None,
        f"candidate by {words(account['candidate_reasons'])}"
        if account["candidate_reasons"] else None,
        account["account_subtype"].replace("_", " ")
        if account["account_subtype"] != "other" else None,
        "many small orders at thin margins" if account["is_low_quality"] else None,
        "one-off bulk: a single purchase month" if now["is_one_off_bulk"] else None,
    ]  # fmt: skip
    return [*lines, *_joined(traits)]


def _business(facts: Facts) -> list[str]:
    account, value, ahead = facts["account"], facts["value"], facts["forecast"]
    bound = "at least " if account["is_left_censored"] else ""
    lines = _joined([
        f"revenue of 12 months {amount(account['ttm_net_revenue_amount'])}",
        _if(account["ttm_profit_amount"], "profit {}") if _has_profit(facts) else None,
        f"in all {bound}{amount(account['lifetime_net_revenue_amount'])}",
        _if(value.get("clv_future_amount"), "value of the years to come {} (unit)"),
    ])  # fmt: skip
    if account["last_purchase_date"]:
        families = facts["families"]
        lines += _joined([
            f"{account['lifecycle_state'] or 'no state'}".replace("_", " ")
            + f", last purchase {account['last_purchase_date']}",
            _if(facts["lifecycle"].get("at_risk_after_days"), "at risk after {} days without one"),
            f"{families['bought']} of {families['offered']} families of its industry"
            if families.get("offered") else None,
            f"{account['buying_sites_count']} of {account['sites_count']} sites buy"
            if account["sites_count"] > 1 else None,
        ])  # fmt: skip
    if ahead:
        lines += _joined([
            _if(ahead["forecast_amount"], f"forecast for {ahead['forecast_month']:%Y-%m} {{}}"),
            _if(ahead["plan_amount"], "plan {}"),
        ])  # fmt: skip
    return lines


def _has_profit(facts: Facts) -> bool:
    """Say whether profits are profits: where too few costs are known they are revenues."""
    return bool(facts["unit_months"]) and facts["unit_months"][0]["measure_used"] != "net_revenue"


def _money(facts: Facts) -> list[str]:
    account, payments, credit = facts["account"], facts["payments"], facts["credit"]
    if account["gross_receivables_amount"] is None:
        return []
    traps = {"trap": "a payment trap", "no_trap": "no payment trap"}
    return [
        *_joined([
            f"open {amount(account['gross_receivables_amount'])}",
            f"overdue {amount(account['overdue_amount'])}",
            f"31 days and more {amount(account['overdue_31_plus_amount'])}",
            f"not applied {amount(account['unapplied_amount'])}",
        ]),
        *_joined([
            _if(payments.get("collection_cycle_days"), "pays after {} days"),
            _if(payments.get("terms_days"), "agreed are {}"),
            traps.get(account["payment_trap_status"], "too few invoices to judge"),
            f"credit {account['credit_status'].replace('_', ' ')}"
            + (f", {percent(credit['utilisation_ratio'])} used"
               if credit.get("utilisation_ratio") is not None else ""),
        ]),
    ]  # fmt: skip


def _relationship(facts: Facts) -> list[str]:
    account, delivered = facts["account"], facts["delivered"]
    stage, claimed = account["evidenced_stage"], account["claimed_stage"]
    talks = "crm_activities" in delivered
    # Nobody of finance is known where no department is.
    has_departments = "contact_departments" not in (account["not_assessed"] or "")
    return _joined([
        None if stage is None else f"stage {stage} of 5 by evidence"
        + (f", claimed {claimed}" if claimed is not None else ""),
        "last talk " + _ago(account["since_two_way_contact_days"], "never") if talks else None,
        "between executives " + _ago(account["since_executive_contact_days"], "never")
        if talks else None,
        _if_ratio(account["reciprocity_ratio"], "{} of it theirs"),
        "no contact in its finance department"
        if has_departments and not account["has_finance_contact"] else None,
    ])  # fmt: skip


def _service(facts: Facts) -> list[str]:
    row = facts["service"]
    if not row:
        return []
    return _joined([
        _if_ratio(row["otif_ratio"], "on time in full {}"),
        _if_ratio(row["return_ratio"], "returned {}"),
        _if(row["complaints_count"], "complaints {}"),
        _if(row["open_cases_count"], "open cases {}"),
        _if(row["order_to_delivery_days"], "order to delivery {} days"),
        _if(row["peer_order_to_delivery_days"], "others on the same mix {}"),
    ])  # fmt: skip


def _unknown(facts: Facts) -> list[str]:
    account, months = facts["account"], facts["unit_months"]
    cost = months[0]["cost_coverage_ratio"] if months else None
    return _joined([
        words(account["not_assessed"]) if account["not_assessed"] else None,
        f"cost of {percent(1 - cost)} of the revenue" if cost is not None and cost < 1 else None,
        "credit limit" if account["credit_status"] == "no_limit" else None,
        "some due dates (imputed)" if account["has_imputed_due_dates"] else None,
    ])  # fmt: skip


def _alerts(facts: Facts) -> list[str]:
    name = one_line(facts["account"]["account_name"], 40)
    return [
        f"{row['effective_date']} {row['severity']:<8} "
        + title(row["alert_type"], name=name, unit_id=row["unit_id"],
                from_value=row["from_value"], to_value=row["to_value"])
        for row in facts["alerts"]
    ]  # fmt: skip


SECTIONS: tuple[tuple[str, Callable[[Facts], list[str]]], ...] = (
    ("To do", _steps),
    ("Standing", _standing),
    ("Business", _business),
    ("Money owed", _money),
    ("Relationship", _relationship),
    ("Service in 12 months", _service),
    ("Not known", _unknown),
    ("Last alerts", _alerts),
)


def _joined(parts: list[str | None]) -> list[str]:
    """Return the known parts as one line, or none."""
    text = "; ".join(part for part in parts if part)
    return [text[:1].upper() + text[1:]] if text else []


def _if(value: object, text: str) -> str | None:
    return None if value is None else text.format(_shown(value))


def _if_ratio(ratio: Decimal | None, text: str) -> str | None:
    return None if ratio is None else text.format(percent(ratio))


def _shown(value: object) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, Decimal):
        return amount(value)
    return value.isoformat() if isinstance(value, date) else one_line(value)


def _ago(days: int | None, never: str) -> str:
    return never if days is None else f"{days} days ago"
