"""`keyaccounts explain`: why an account has its tier, from the published rows alone."""

from __future__ import annotations

from typing import Any

from keyaccounts.alerts.formats import one_line
from keyaccounts.errors import ConfigurationError
from keyaccounts.reports.reader import open_publication
from keyaccounts.settings import Settings

SHOWN_MONTHS = 6


def explain(settings: Settings, account_id: str) -> dict[str, Any]:
    """Return the facts about the tier of an account's unit.

    Keys: account, unit_months (newest first), history, events, drivers (of the newest negative
    event that has them), products, receivables. Raises ConfigurationError for an unknown account.
    """
    with open_publication(settings) as reader:
        account = reader.row("select * from marts.accounts where account_id = ?", account_id)
        if not account:
            near = reader.rows(
                "select account_id from marts.accounts order by levenshtein(account_id, ?) limit 3",
                account_id,
            )
            raise ConfigurationError(
                f"account {account_id!r} is not in the publication; did you mean "
                + ", ".join(row["account_id"] for row in near)
            )
        unit = account["tier_unit_id"]
        events = reader.rows(
            "select * from marts.tier_events where tier_unit_id = ? "
            "order by effective_date desc, event_type",
            unit,
        )
        explained = reader.row(
            "select event_key from marts.tier_drop_drivers where tier_unit_id = ? "
            "order by effective_date desc, event_key limit 1",
            unit,
        ).get("event_key")
        return {
            "published": {
                k: reader.manifest[k] for k in ("version", "as_of_date", "base_currency")
            },
            "rules": {rule["valid_from"]: rule for rule in reader.manifest["tier_config"]},
            "account": account,
            "members": reader.rows(
                "select account_id, account_name, ttm_net_revenue_amount, ttm_profit_amount "
                "from marts.accounts where tier_unit_id = ? and not is_internal order by 1",
                unit,
            ),
            "unit_months": reader.rows(
                "select * from marts.account_tiers where tier_unit_id = ? "
                f"order by month_end desc limit {SHOWN_MONTHS}",
                unit,
            ),
            "history": reader.rows(
                "select * from marts.account_tier_history where tier_unit_id = ? "
                "order by valid_from",
                unit,
            ),
            "events": events,
            "drivers": reader.rows(
                "select driver, driver_amount, negative_rank from marts.tier_drop_drivers "
                "where event_key = ? order by driver_amount, driver",
                explained,
            ),
            "products": reader.rows(
                "select * from marts.tier_drop_products where event_key = ? "
                "order by total_change_amount, product_family",
                explained,
            ),
            "explained_event": next((e for e in events if e["event_key"] == explained), None),
        }


def explain_lines(facts: dict[str, Any]) -> list[str]:
    """Return the explanation as text."""
    account, currency = facts["account"], facts["published"]["base_currency"]
    lines = [
        f"{one_line(account['account_name'])} ({account['account_id']}), figures as of "
        f"{facts['published']['as_of_date']}, {currency}"
    ]
    if account["is_internal"]:
        return [*lines, "An internal account: it has no tier."]
    if account["customer_key"] != account["account_id"]:
        lines.append(f"It is one customer with {account['customer_key']} (merged, or same tax id).")
    if account["tier_unit_id"] != account["customer_key"]:
        lines.append(f"Its tier is that of its ultimate parent {account['tier_unit_id']}.")
    if len(facts["members"]) > 1:
        lines.append(f"The unit has {len(facts['members'])} accounts.")
    if not facts["unit_months"]:
        return [*lines, "Not rated yet: there is no complete twelve-month window."]
    now = facts["unit_months"][0]
    lines += ["", *_rating(now, facts["rules"][str(now["tier_config_valid_from"])])]
    lines += ["", "Last month-ends", *_months(facts["unit_months"])]
    lines += ["", "History", *_history(facts["history"])]
    event = facts["explained_event"]
    if event:
        lines += ["", *_drivers(event, facts["drivers"], facts["products"])]
    return lines


def _rating(now: dict[str, Any], rules: dict[str, str]) -> list[str]:
    share = now["cum_share_before_ratio"]
    better = f"{share or 0:.4%} of all positive profit"
    lines = [
        f"Tier {now['tier']} at {now['month_end']} (this month alone: {now['evaluated_tier']}; "
        f"rules of {now['tier_config_valid_from']})",
        f"  {now['measure_used'].replace('_', ' ')} of twelve months "
        f"{now['ttm_profit_amount']:,.2f} on revenue of {now['ttm_net_revenue_amount']:,.2f}, rank "
        f"{now['profit_rank'] or 'none'}",
        f"  Units with more profit hold {better}: below "
        f"{float(rules['threshold_a']):.0%} is A, below {float(rules['threshold_b']):.0%} is B",
    ]
    if now["tier"] == "INACTIVE":
        lines[1:] = ["  No line in the last twelve months"]
    if now["down_streak_count"]:
        lines.append(
            f"  Down-eligible for {now['down_streak_count']} month-end(s) in a row: "
            f"{rules['down_month_ends']} make a drop"
        )
    if now["is_at_risk"]:
        lines.append("  At risk: the figures of this month alone are a worse tier")
    if now["is_one_off_bulk"]:
        lines.append("  One-off bulk: a single purchase month in the window")
    return lines


def _months(months: list[dict[str, Any]]) -> list[str]:
    return [
        f"  {m['month_end']}  official {m['tier']:<8} alone {m['evaluated_tier']:<8} profit "
        f"{m['ttm_profit_amount']:>16,.2f}  share before "
        + ("-" if m["cum_share_before_ratio"] is None else f"{m['cum_share_before_ratio']:.4f}")
        for m in months
    ]


def _history(history: list[dict[str, Any]]) -> list[str]:
    return [
        f"  {h['tier']:<8} from {h['valid_from']} to {h['valid_to'] or 'now'} "
        f"({h['months_count']} month-ends)"
        for h in history
    ]


def _drivers(
    event: dict[str, Any], drivers: list[dict[str, Any]], products: list[dict[str, Any]]
) -> list[str]:
    lines = [
        f"Why: {event['event_type']} {event['from_tier']} to {event['to_tier']} at "
        f"{event['effective_date']}, cause {event['cause']}, severity {event['severity']}",
        f"  Profit {event['profit_current_amount']:,.2f} against "
        f"{event['profit_prior_amount']:,.2f} the year before",
    ]
    lines += [
        f"    {d['driver'].replace('_', ' '):<14}{d['driver_amount']:>18,.2f}"
        for d in drivers
        if d["driver_amount"]
    ]
    lines.append(f"    {'change in all':<14}{event['own_profit_change_amount']:>18,.2f}")
    lost = [p for p in products if p["lost_product_amount"] < 0]
    lines += [
        f"  No longer bought: {one_line(p['product_family'])} (last {p['last_order_date']}, "
        f"{p['lost_product_amount']:,.2f})"
        for p in lost
    ]
    if event["profit_to_regain_amount"] is not None:
        lines.append(
            f"  For {event['from_tier']} it lacked "
            f"{event['profit_to_regain_amount']:,.2f} of profit in twelve months"
        )
    return lines
