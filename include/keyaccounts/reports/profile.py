"""One account on one screen: what to do, where it stands, what is known of it and what is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from keyaccounts.alerts.formats import one_line, padded
from keyaccounts.alerts.wording import title, value
from keyaccounts.reports.figures import amount, percent
from keyaccounts.reports.wrapping import day_column, wrapped
from keyaccounts.texts import ENGLISH, Texts

Facts = dict[str, Any]
WIDTH = 100


def profile_lines(facts: Facts, texts: Texts = ENGLISH) -> list[str]:
    """Return the account in a screenful; `facts` as `explain` gives them."""
    account, currency = facts["account"], facts["published"]["base_currency"]
    owner = account["owner_name"] or account["owner_user_id"]
    where = [
        one_line(account["region"] or "", 30),
        one_line(account["industry_code"] or "", 30),
        texts.word("channel", account["channel"], one_line(account["channel"] or "", 30)),
        texts("profile.manager", name=one_line(owner, 40)) if owner else texts("profile.nobody"),
    ]
    lines = [
        texts(
            "profile.heading",
            name=one_line(account["account_name"], 60),
            id=account["account_id"],
            day=date.fromisoformat(facts["published"]["as_of_date"]),
            currency=texts.word("currency", currency, fallback=currency),
        ),
        "  " + texts.joined(where, "dot"),
        *_identity(facts, texts),
    ]
    if account["is_internal"]:
        return [*lines, "  " + texts("profile.internal")]
    for section, told in SECTIONS.items():
        if said := told(facts, texts):
            lines.append(texts.word("profile_section", section))
            lines += [f"  {line}" for part in said for line in wrapped(part, WIDTH - 2)]
    return lines


def _identity(facts: Facts, texts: Texts) -> list[str]:
    account, lines = facts["account"], []
    if account["customer_key"] != account["account_id"]:
        lines.append(texts("profile.one_customer", customer=account["customer_key"]))
    if account["tier_unit_id"] != account["customer_key"]:
        lines.append(texts("profile.parent", unit=account["tier_unit_id"]))
    if len(facts["members"]) > 1:
        lines.append(texts("profile.members", accounts=len(facts["members"])))
    return [f"  {line}" for line in lines]


def _steps(facts: Facts, texts: Texts) -> list[str]:
    account = facts["account"]
    if account["is_merged_away"]:
        return [texts("profile.merged", customer=account["customer_key"])]
    if not account["next_steps"]:
        return [texts("profile.nothing_due")]
    row = {**account, **facts["payments"], **facts["credit"]}
    shown: dict[str, str] = {key: _shown(value, texts) for key, value in row.items()}
    used = row.get("utilisation_ratio")
    shown["utilisation"] = (
        texts("profile.more_than_all") if used is None else percent(used, texts=texts)
    )
    spoken, met = account["since_two_way_contact_days"], account["since_executive_contact_days"]
    shown["silence"] = _ago(spoken, texts("profile.nobody_spoke"), texts)
    shown["executive_silence"] = _ago(met, texts("profile.never_met"), texts)
    shown["decline"] = texts.joined(_declines(facts, texts), "clause")
    shown["candidate_reasons"] = texts.words("candidate_reason", account["candidate_reasons"])
    shown["not_assessed"] = texts.words("input", account["not_assessed"])
    return [
        texts("profile.step", number=number, step=texts.word("step", step).format_map(shown))
        for number, step in enumerate(account["next_steps"].split("|"), start=1)
    ]


def _declines(facts: Facts, texts: Texts) -> list[str]:
    account, said = facts["account"], []
    if account["dropped_from_tier"]:
        tier = value(account["dropped_from_tier"], texts)
        said.append(texts("profile.dropped", tier=tier))
    if account["is_at_risk"]:
        said.append(texts("profile.at_risk"))
    if account["is_predicted_worse"]:
        said.append(texts("profile.predicted", tier=value(account["predicted_tier"], texts)))
    if account["lifecycle_state"] == "at_risk":
        said.append(texts("profile.less_often"))
    return said


def _standing(facts: Facts, texts: Texts) -> list[str]:
    account = facts["account"]
    if not facts["unit_months"]:
        return [texts("profile.not_rated")]
    now = facts["unit_months"][0]
    rules = facts["rules"][str(now["tier_config_valid_from"])]
    nothing = texts("profile.nothing")
    lines = [
        texts(
            "profile.tier",
            tier=value(now["tier"], texts),
            since=account["tier_since_date"],
            month_end=now["month_end"],
            alone=value(now["evaluated_tier"], texts),
            today=value(account["provisional_tier"] or nothing, texts),
            ahead=value(account["predicted_tier"] or nothing, texts),
            rules=now["tier_config_valid_from"],
        )
    ]
    if now["tier"] == "INACTIVE":
        lines.append(texts("profile.no_line"))
    else:
        lines += [
            texts(
                "profile.earns",
                measure=texts.word("measure", now["measure_used"]),
                profit=amount(now["ttm_profit_amount"]),
                revenue=amount(now["ttm_net_revenue_amount"]),
                rank=now["profit_rank"] or texts("profile.none"),
            ),
            texts(
                "profile.rank",
                share=f"{now['cum_share_before_ratio'] or 0:.4%}",
                a=f"{float(rules['threshold_a']):.0%}",
                b=f"{float(rules['threshold_b']):.0%}",
            ),
        ]
    if now["down_streak_count"]:
        months, needed = now["down_streak_count"], rules["down_month_ends"]
        lines.append(texts("profile.down", months=months, needed=needed))
    basis, reasons = account["key_account_basis"], account["candidate_reasons"]
    subtype = account["account_subtype"]
    by, candidate = texts.words("basis", basis), texts.words("candidate_reason", reasons)
    traits = [
        texts("profile.key_account", basis=by) if account["is_key_account"] else None,
        texts("profile.candidate", reasons=candidate) if reasons else None,
        texts.word("subtype", subtype) if subtype != "other" else None,
        texts("profile.low_quality") if account["is_low_quality"] else None,
        texts("profile.one_off") if now["is_one_off_bulk"] else None,
    ]
    return [*lines, *_joined(traits, texts)]


def _business(facts: Facts, texts: Texts) -> list[str]:
    account, worth, ahead = facts["account"], facts["value"], facts["forecast"]
    profit, future = account["ttm_profit_amount"], worth.get("clv_future_amount")
    in_all = amount(account["lifetime_net_revenue_amount"])
    lines = _joined([
        texts("profile.revenue", amount=amount(account["ttm_net_revenue_amount"])),
        texts("profile.profit", amount=amount(profit))
        if profit is not None and _has_profit(facts) else None,
        texts("profile.at_least", amount=in_all) if account["is_left_censored"]
        else texts("profile.in_all", amount=in_all),
        texts("profile.value", amount=amount(future)) if future is not None else None,
    ], texts)  # fmt: skip
    if account["last_purchase_date"]:
        families, after = facts["families"], facts["lifecycle"].get("at_risk_after_days")
        state = account["lifecycle_state"]
        lines += _joined([
            texts("profile.state", day=account["last_purchase_date"],
                  state=texts.word("state", state) if state else texts("profile.no_state")),
            texts("profile.at_risk_after", days=_shown(after, texts))
            if after is not None else None,
            texts("profile.families", bought=families["bought"], offered=families["offered"])
            if families.get("offered") else None,
            texts("profile.sites", buying=account["buying_sites_count"],
                  sites=account["sites_count"])
            if account["sites_count"] > 1 else None,
        ], texts)  # fmt: skip
    if ahead:
        month, plan = texts.month(ahead["forecast_month"]), ahead["plan_amount"]
        forecast = ahead["forecast_amount"]
        lines += _joined([
            texts("profile.forecast", month=month, amount=amount(forecast))
            if forecast is not None else None,
            texts("profile.plan", amount=amount(plan)) if plan is not None else None,
        ], texts)  # fmt: skip
    return lines


def _has_profit(facts: Facts) -> bool:
    """Say whether profits are profits: where too few costs are known they are revenues."""
    return bool(facts["unit_months"]) and facts["unit_months"][0]["measure_used"] != "net_revenue"


def _money(facts: Facts, texts: Texts) -> list[str]:
    account, payments, credit = facts["account"], facts["payments"], facts["credit"]
    if account["gross_receivables_amount"] is None:
        return []
    cycle, terms = payments.get("collection_cycle_days"), payments.get("terms_days")
    used, status = (
        credit.get("utilisation_ratio"),
        texts.word("credit_state", account["credit_status"]),
    )
    return [
        *_joined([
            texts("profile.open", amount=amount(account["gross_receivables_amount"])),
            texts("profile.overdue", amount=amount(account["overdue_amount"])),
            texts("profile.days_31", amount=amount(account["overdue_31_plus_amount"])),
            texts("profile.not_applied", amount=amount(account["unapplied_amount"])),
        ], texts),
        *_joined([
            texts("profile.pays_after", days=_shown(cycle, texts)) if cycle is not None else None,
            texts("profile.agreed", days=_shown(terms, texts)) if terms is not None else None,
            texts.word("trap", account["payment_trap_status"], texts("profile.too_few_invoices")),
            texts("profile.credit", status=status) if used is None
            else texts("profile.credit_used", status=status, used=percent(used, texts=texts)),
        ], texts),
    ]  # fmt: skip


def _relationship(facts: Facts, texts: Texts) -> list[str]:
    account, delivered = facts["account"], facts["delivered"]
    stage, claimed = account["evidenced_stage"], account["claimed_stage"]
    talks, never = "crm_activities" in delivered, texts("profile.never")
    talk = _ago(account["since_two_way_contact_days"], never, texts)
    executives = _ago(account["since_executive_contact_days"], never, texts)
    theirs = account["reciprocity_ratio"]
    # Nobody of finance is known where no department is.
    has_departments = "contact_departments" not in (account["not_assessed"] or "")
    return _joined([
        None if stage is None
        else texts("profile.stage", stage=stage) if claimed is None
        else texts("profile.stage_claimed", stage=stage, claimed=claimed),
        texts("profile.last_talk", ago=talk) if talks else None,
        texts("profile.executives", ago=executives) if talks else None,
        texts("profile.theirs", share=percent(theirs, texts=texts)) if theirs is not None else None,
        texts("profile.no_finance_contact")
        if has_departments and not account["has_finance_contact"] else None,
    ], texts)  # fmt: skip


def _service(facts: Facts, texts: Texts) -> list[str]:
    row = facts["service"]
    if not row:
        return []

    def said(column: str) -> str | None:
        figure = row[column]
        if figure is None:
            return None
        is_share = column.endswith("_ratio")
        shown = percent(figure, texts=texts) if is_share else _shown(figure, texts)
        return texts.word("service", column).format(figure=shown)

    return _joined([said(column) for column in texts.catalogue.group("service")], texts)


def _unknown(facts: Facts, texts: Texts) -> list[str]:
    account, months = facts["account"], facts["unit_months"]
    cost = months[0]["cost_coverage_ratio"] if months else None
    return _joined([
        texts.words("input", account["not_assessed"]) or None,
        texts("profile.cost_unknown", share=percent(1 - cost, texts=texts))
        if cost is not None and cost < 1 else None,
        texts("profile.no_limit") if account["credit_status"] == "no_limit" else None,
        texts("profile.imputed") if account["has_imputed_due_dates"] else None,
    ], texts)  # fmt: skip


def _alerts(facts: Facts, texts: Texts) -> list[str]:
    name = one_line(facts["account"]["account_name"], 40)
    return [
        f"{day_column(row['effective_date'], texts)} "
        f"{padded(texts.word('severity', row['severity']), 8)} "
        + title(row["alert_type"], texts, name=name, unit_id=row["unit_id"],
                from_value=row["from_value"], to_value=row["to_value"])
        for row in facts["alerts"]
    ]  # fmt: skip


SECTIONS: dict[str, Callable[[Facts, Texts], list[str]]] = {
    "to_do": _steps,
    "standing": _standing,
    "business": _business,
    "money": _money,
    "relationship": _relationship,
    "service": _service,
    "not_known": _unknown,
    "alerts": _alerts,
}


def _joined(parts: Sequence[str | None], texts: Texts) -> list[str]:
    """Return the known parts as one line, or none."""
    text = texts.joined(parts, "semicolon")
    return [text[:1].upper() + text[1:]] if text else []


def _shown(figure: object, texts: Texts) -> str:
    if figure is None:
        return texts("word.unknown")
    if isinstance(figure, Decimal):
        return amount(figure)
    return texts.day(figure) if isinstance(figure, date) else one_line(figure)


def _ago(days: int | None, never: str, texts: Texts) -> str:
    return never if days is None else texts("profile.ago", days=days)
