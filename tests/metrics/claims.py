"""What each metric must say, by plain SQL over the published marts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

MONTH, QUARTER = "metric_time__month", "metric_time__quarter"
SCOPE = ("collection__scope_type", "collection__scope_id")


@dataclass(frozen=True)
class Claim:
    """Metrics by groups, and the SQL with the same columns in the same order."""

    name: str
    metrics: tuple[str, ...]
    group_by: tuple[str, ...]
    sql: str
    where: tuple[str, ...] = ()
    mart: str = ""


def _month(column: str) -> str:
    return f"date_trunc('month', {column})::timestamp"


def _published() -> list[Claim]:
    """Figures that a mart publishes itself, at its own grain."""
    bridge = {
        "opening_book_amount": "opening_amount", "closing_book_amount": "closing_amount",
        "new_book_amount": "new_amount", "won_back_book_amount": "won_back_amount",
        "expansion_amount": "expansion_amount", "contraction_amount": "contraction_amount",
        "churn_amount": "churn_amount", "opening_customers_count": "opening_customers_count",
        "new_customers_count": "new_customers_count",
        "won_back_customers_count": "won_back_customers_count",
        "nrr": "nrr", "grr": "grr", "expansion_ratio": "expansion_ratio",
        "logo_retention_ratio": "logo_retention_ratio", "quick_ratio": "quick_ratio",
        "leak_ratio": "leak_ratio",
    }  # fmt: skip
    tiers = {
        "a_count": "a_units_count", "b_count": "b_units_count", "c_count": "c_units_count",
        "loss_making_count": "loss_making_units_count", "profit_amount": "ttm_profit_amount",
        "net_revenue_amount": "ttm_net_revenue_amount", "a_profit_ratio": "a_profit_ratio",
        "a_revenue_ratio": "a_revenue_ratio", "whale_peak_ratio": "whale_peak_ratio",
    }  # fmt: skip
    collections = {
        "cei": "cei", "dso_countback_days": "dso_countback_days",
        "dso_simple_days": "dso_simple_days", "dso_period_days": "dso_period_days",
        "bpdso_days": "bpdso_days", "to_pay_days": "to_pay_days",
        "late_days": "late_days",
        "beginning_receivables_amount": "beginning_receivables_amount",
        "credit_sales_amount": "credit_sales_amount",
        "ending_receivables_amount": "ending_receivables_amount",
        "ending_current_amount": "ending_current_amount", "period_days": "period_days",
    }  # fmt: skip
    aging = {
        "overdue_ratio": "overdue_ratio", "open_receivables_amount": "ending_receivables_amount",
        "not_due_amount": "ending_current_amount",
    }  # fmt: skip
    found = [
        _of("bridge", bridge, (MONTH,), _month("month_end"), "retention_summary",
            "comparison = 'year_over_year' and measure = 'revenue' and scope_type = 'company'"),
        _of("bridge of profit", {"profit_nrr": "nrr", "profit_grr": "grr",
                                 "opening_profit_amount": "opening_amount"}, (MONTH,),
            _month("month_end"), "retention_summary",
            "comparison = 'year_over_year' and measure = 'profit' and scope_type = 'company'"),
        _of("tiers", tiers, (MONTH,), _month("month_end"), "portfolio_summary"),
        _of("collections", collections, ("metric_time__day",), "as_of_date::timestamp",
            "collection_metrics", "scope_type = 'company'"),
        _of("aging", aging, ("metric_time__day",), "as_of_date::timestamp", "collection_metrics",
            "scope_type = 'company'"),
        _of("collections of quarters", collections, (QUARTER,),
            "date_trunc('quarter', as_of_date)::timestamp", "collection_metrics",
            "scope_type = 'company' and (is_latest or as_of_date = "
            "last_day(date_trunc('quarter', as_of_date)::date + interval 2 month))"),
        _of("collections of scopes", {
            "scope_cei": "cei", "scope_dso_countback_days": "dso_countback_days",
            "scope_overdue_ratio": "overdue_ratio", "any_dso_countback_days": "dso_countback_days",
            "any_beginning_amount": "beginning_receivables_amount",
            "any_sales_amount": "credit_sales_amount",
            "any_ending_amount": "ending_receivables_amount",
            "any_current_amount": "ending_current_amount", "scopes_count": "1",
        }, ("metric_time__day", *SCOPE), "as_of_date::timestamp, scope_type, scope_id",
            "collection_metrics"),
        _of("financing", {"financing_cost_amount": "financing_cost_amount"},
            (MONTH, "payment__channel"), f"{_month('month_end')}, channel", "channel_collections",
            asked=("{{ TimeDimension('metric_time', 'day') }} in "
                   "(select month_end from published.marts.channel_collections)",)),
        _of("margins", {"contribution_margin_ratio": "contribution_margin_ratio",
                        "cost_to_serve_ratio": "cost_to_serve_ratio",
                        "contribution_profit_amount": "contribution_profit_amount",
                        "gross_profit_amount": "gross_profit_amount",
                        "cost_to_serve_amount": "cost_to_serve_amount"},
            (MONTH, "account"), f"{_month('month_end')}, account_id", "account_profitability"),
        _of("service", {"otif_ratio": "otif_ratio", "response_sla_ratio": "response_sla_ratio"},
            (MONTH, "account"), f"{_month('month_end')}, account_id", "service_levels"),
        _of("plans", {"plan_attainment_ratio": "plan_attainment_ratio"}, (MONTH, "account"),
            "forecast_month::timestamp, account_id", "forecasts"),
        _of("concentration of scopes", {"scope_top1_ratio": "top1_ratio",
                                        "any_top1_ratio": "top1_ratio",
                                        "concentration_scopes_count": "1"},
            (MONTH, "concentration__scope_type", "concentration__scope_id",
             "concentration__measure"),
            f"{_month('month_end')}, scope_type, scope_id, measure", "concentration"),
    ]  # fmt: skip
    for measure, metrics in {
        "revenue": {"top1_revenue_ratio": "top1_ratio", "top3_revenue_ratio": "top3_ratio",
                    "top5_revenue_ratio": "top5_ratio", "revenue_hhi": "hhi"},
        "profit": {"top1_profit_ratio": "top1_ratio"},
        "receivables": {"top1_receivables_ratio": "top1_ratio"},
    }.items():  # fmt: skip
        found.append(_of(
            f"concentration of {measure}", metrics, (MONTH,), _month("month_end"), "concentration",
            f"scope_type = 'company' and measure = '{measure}'",
        ))  # fmt: skip
    # Of a quarter the last month-end, or D, counts.
    for name, day in {
        "bridge": "month_end", "bridge of profit": "month_end", 
        "collections of scopes": "as_of_date",
        "margins": "month_end", "concentration of scopes": "month_end",
        "concentration of revenue": "month_end",
        "concentration of profit": "month_end",
    }.items():  # fmt: skip
        (claim,) = [each for each in found if each.name == name]
        found.append(_in_quarters(claim, day))
    for scope, asked in {"channel": "movement__channel", "tier": "movement__tier",
                         "owner": "movement__owner"}.items():  # fmt: skip
        ratios = {name: name for name in ("nrr", "grr", "logo_retention_ratio", "quick_ratio")}
        found.append(_of(
            f"bridge by {scope}", ratios, (MONTH, asked),
            f"{_month('month_end')}, nullif(scope_id, 'none')", "retention_summary",
            f"comparison = 'year_over_year' and measure = 'revenue' and scope_type = '{scope}'",
        ))  # fmt: skip
    for scope, unknown in {"channel": "", "region": "unknown", "owner": "none"}.items():
        found.append(_of(
            f"overdue today by {scope}",
            {"overdue_ratio": "overdue_ratio",
             "open_receivables_amount": "ending_receivables_amount"},
            (f"account__{scope}",), f"nullif(scope_id, '{unknown}')", "collection_metrics",
            f"is_latest and scope_type = '{scope}'",
        ))  # fmt: skip
    return found


def _of(
    name: str, metrics: dict[str, str], group_by: tuple[str, ...], keys: str, mart: str,
    where: str = "true", asked: tuple[str, ...] = (),
) -> Claim:  # fmt: skip
    """Return the claim that columns of a mart are the metrics."""
    columns = ", ".join(metrics.values())
    return Claim(
        name, tuple(metrics), group_by,
        f"select {keys}, {columns} from marts.{mart} as m where {where}", asked, mart,
    )  # fmt: skip


def _in_quarters(claim: Claim, day: str) -> Claim:
    quarter = f"date_trunc('quarter', {day})::timestamp"
    sql = claim.sql.replace(_month(day), quarter).replace(
        f"select {day}::timestamp", f"select {quarter}"
    )
    sql += (
        f" and {day} = (select max(l.{day}) from marts.{claim.mart} as l "
        f"where date_trunc('quarter', l.{day}) = date_trunc('quarter', m.{day}))"
    )
    group_by = (QUARTER, *claim.group_by[1:])
    return replace(claim, name=f"{claim.name} in quarters", sql=sql, group_by=group_by)


FIGURES = yaml.safe_load(Path(__file__).with_name("figures.yml").read_text("utf-8"))


def _split() -> list[Claim]:
    """Metrics over quarters and by dimensions."""
    found = []
    for topic, facts in FIGURES["stocks"].items():
        for by in ("", *facts["dimensions"]):
            found += [_stock(topic, facts, by, True), _stock(topic, facts, by, False)]
    for mart, facts in FIGURES["flows"].items():
        for by, column in facts["dimensions"].items():
            metrics = facts["metrics"]
            sql = (
                f"select date_trunc('quarter', m.{facts['time']})::timestamp, {column}, "
                f"{', '.join(metrics.values())} from marts.{mart} as m "
                f"left join marts.accounts as a on a.account_id = m.{facts['key']} group by all"
            )
            found.append(Claim(f"{mart} by quarter and {by}", tuple(metrics), (QUARTER, by), sql))
    today = FIGURES["today"]
    for by, column in {"channel": "channel", "tier": "tier", "subtype": "account_subtype"}.items():
        sql = f"select m.{column}, {', '.join(today.values())} from marts.accounts as m group by 1"
        found.append(Claim(f"accounts by {by}", tuple(today), (f"account__{by}",), sql))
    return found


def _stock(topic: str, facts: dict[str, Any], by: str, in_quarters: bool) -> Claim:
    mart, time, metrics = topic.split()[0], facts["time"], facts["metrics"]
    period = f"date_trunc('quarter', m.{time})::timestamp" if in_quarters else "true"
    columns = [*([period] if in_quarters else []), *([facts["dimensions"][by]] if by else [])]
    sql = (
        f"with m as (select * from marts.{mart} as m where {facts['where']}), "
        f"last as (select {period} as period, max({time}) as day from m group by 1) "
        f"select {', '.join([*columns, *metrics.values()])} from m "
        f"inner join last on m.{time} = last.day and {period} = last.period "
        f"left join marts.accounts as a on a.account_id = m.{facts['key']} group by all"
    )
    groups = (*((QUARTER,) if in_quarters else ()), *((by,) if by else ()))
    return Claim(f"{topic} by {' and '.join(groups) or 'nothing'}", tuple(metrics), groups, sql)


CLAIMS = [*_published(), *_split()]
