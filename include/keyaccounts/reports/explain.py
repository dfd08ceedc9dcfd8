"""`keyaccounts explain`: one account and why it has its tier, from the published rows alone."""

from __future__ import annotations

from typing import Any

from keyaccounts.alerts.formats import one_line, padded
from keyaccounts.alerts.wording import value
from keyaccounts.errors import NotPublishedError
from keyaccounts.reports.profile import profile_lines
from keyaccounts.reports.reader import Reader, open_publication
from keyaccounts.reports.wrapping import day_column
from keyaccounts.settings import Settings
from keyaccounts.texts import ENGLISH, Texts

SHOWN_MONTHS = 6
SHOWN_ALERTS = 4


def explain(settings: Settings, account_id: str) -> dict[str, Any]:
    """Return what the marts say of an account and of the tier of its unit.

    Keys: published, rules, account, members, unit_months (newest first), history, events, drivers
    and products (of the newest event that has drivers), explained_event; lifecycle, payments,
    credit, service, forecast, value (a row or {}), families (two counts), delivered (entities),
    alerts (newest first).
    Raises NotPublishedError for an unknown account.
    """
    with open_publication(settings) as reader:
        account = reader.row("select * from marts.accounts where account_id = ?", account_id)
        if not account:
            near = reader.rows(
                "select account_id from marts.accounts order by levenshtein(account_id, ?) limit 3",
                account_id,
            )
            raise NotPublishedError(
                "refusal.not_published",
                account=account_id,
                near=", ".join(row["account_id"] for row in near),
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
            **_around(reader, account),
        }


def _around(reader: Reader, account: dict[str, Any]) -> dict[str, Any]:
    """Return what the other marts say of the account today."""
    account_id, customer, unit = (
        account[key] for key in ("account_id", "customer_key", "tier_unit_id")
    )
    return {
        "lifecycle": reader.row(
            "select * from marts.customer_lifecycle where customer_key = ? and is_latest", customer
        ),
        "payments": reader.row(
            "select * from marts.payment_behaviour where account_id = ? and is_latest", account_id
        ),
        "credit": reader.row(
            "select * from marts.credit_exposure where account_id = ? and is_latest", account_id
        ),
        "service": reader.row(
            "select * from marts.service_levels where account_id = ? "
            "and month_end = (select max(month_end) from marts.service_levels)",
            account_id,
        ),
        "forecast": reader.row(
            "select * from marts.forecasts where account_id = ? and actual_amount is null "
            "order by forecast_month limit 1",
            account_id,
        ),
        "value": reader.row(
            "select * from marts.account_value where tier_unit_id = ? "
            "and month_end = (select max(month_end) from marts.account_value)",
            unit,
        ),
        "families": reader.row(
            "select count(*) filter (status = 'bought') as bought, count(*) as offered "
            "from marts.white_space where account_id = ?",
            customer,
        ),
        "delivered": [
            row["entity"]
            for row in reader.rows(
                "select entity from marts.data_coverage where is_entity_present "
                "group by entity order by entity"
            )
        ],
        "alerts": reader.rows(
            "select * from marts.account_alerts where unit_id in (?, ?, ?) "
            f"order by effective_date desc, event_key limit {SHOWN_ALERTS}",
            account_id, customer, unit,
        ),
    }  # fmt: skip


def explain_lines(
    facts: dict[str, Any], *, with_history: bool = False, texts: Texts = ENGLISH
) -> list[str]:
    """Return the account in a screenful, with the reasons of its newest drop or watch.

    `with_history` adds the last month-ends and every period of one tier.
    """
    lines = profile_lines(facts, texts)
    if facts["account"]["is_internal"] or not facts["unit_months"]:
        return lines
    event = facts["explained_event"]
    if event:
        lines += _drivers(event, facts["drivers"], facts["products"], texts)
    if with_history:
        lines += [texts("explain.month_ends"), *_months(facts["unit_months"], texts)]
        lines += [texts("explain.history"), *_history(facts["history"], texts)]
    return lines


def _months(months: list[dict[str, Any]], texts: Texts) -> list[str]:
    said = []
    for m in months:
        share = m["cum_share_before_ratio"]
        said.append(
            "  "
            + texts(
                "explain.month",
                month_end=day_column(m["month_end"], texts),
                tier=padded(value(m["tier"], texts), 8),
                alone=padded(value(m["evaluated_tier"], texts), 8),
                profit=f"{m['ttm_profit_amount']:>16,.2f}",
                share="-" if share is None else f"{share:.4f}",
            )
        )
    return said


def _history(history: list[dict[str, Any]], texts: Texts) -> list[str]:
    return [
        "  "
        + texts(
            "explain.period",
            tier=padded(value(h["tier"], texts), 8),
            start=h["valid_from"],
            end=h["valid_to"] or texts("explain.now"),
            months=h["months_count"],
        )
        for h in history
    ]


def _drivers(
    event: dict[str, Any],
    drivers: list[dict[str, Any]],
    products: list[dict[str, Any]],
    texts: Texts,
) -> list[str]:
    before = value(event["from_tier"], texts)
    current, prior = f"{event['profit_current_amount']:,.2f}", event["profit_prior_amount"]
    lines = [
        texts(
            "explain.why",
            event=texts.word("event", event["event_type"]),
            before=before,
            after=value(event["to_tier"], texts),
            day=event["effective_date"],
            cause=texts.word("cause_name", event["cause"], fallback=str(event["cause"])),
            severity=texts.word("severity", event["severity"]),
        ),
        "  " + texts("explain.profit", current=current, prior=f"{prior:,.2f}"),
    ]
    amounts = [
        (texts.word("driver_name", d["driver"]), d["driver_amount"])
        for d in drivers
        if d["driver_amount"]
    ]
    amounts.append((texts("explain.change_in_all"), event["own_profit_change_amount"]))
    lines += [f"    {padded(name, 14)}{amount:>18,.2f}" for name, amount in amounts]
    lines += [
        "  "
        + texts(
            "explain.lost",
            name=one_line(p["product_family"]),
            day=p["last_order_date"],
            size=f"{p['lost_product_amount']:,.2f}",
        )
        for p in products
        if p["lost_product_amount"] < 0
    ]
    regain = event["profit_to_regain_amount"]
    if regain is not None:
        lines.append("  " + texts("explain.lacked", tier=before, size=f"{regain:,.2f}"))
    return lines
