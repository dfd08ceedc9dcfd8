"""The report of a publication: one HTML page that holds everything it shows.

A sales director reads it in two minutes: what changed, what is owed, whether the base leaks, how
much hangs on a few, and how far the figures may be trusted. It rests on the marts for BI alone and
reads no clock: the same publication gives the same bytes.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from keyaccounts.alerts.formats import one_line
from keyaccounts.alerts.wording import value
from keyaccounts.reports import figures
from keyaccounts.reports.pages import NO_PAGES, Pages, pages_of
from keyaccounts.reports.plots import report_plots
from keyaccounts.reports.reader import Reader, open_publication
from keyaccounts.settings import Settings
from keyaccounts.texts import ENGLISH, Texts, texts_in

NAME = "report.html"
SHOWN_MONTHS = 25
SHOWN_ROWS = 10
TEMPLATES = Path(__file__).parent / "templates"
BAD = ("drop", "lapsed", "watch")

# A profit stands beside another one only where both are of the measure of the newest month.
_MONTHS = f"""
    with measures as (
        select month_end, max(measure_used) as measure_used from marts.account_tiers group by all
    ),
    months as (
        select * from marts.portfolio_summary inner join measures using (month_end)
        order by month_end desc limit {SHOWN_MONTHS}
    )
    select * replace (
        case when measure_used = max_by(measure_used, month_end) over ()
            then ttm_profit_amount end as ttm_profit_amount
    )
    from months order by month_end"""
_CHANGES = """
    select
        events.event_type, events.from_tier, events.to_tier, events.severity, events.cause,
        events.profit_current_amount, events.own_profit_change_amount,
        events.profit_to_regain_amount, accounts.account_id, accounts.account_name,
        accounts.owner_name,
        (select min_by(driver, negative_rank) from marts.tier_drop_drivers as drivers
            where drivers.event_key = events.event_key and driver_amount < 0) as driver,
        (select min(driver_amount) from marts.tier_drop_drivers as drivers
            where drivers.event_key = events.event_key and driver_amount < 0) as driver_amount,
        (select string_agg(product_family, '|' order by product_family)
            from marts.tier_drop_products as products
            where products.event_key = events.event_key and lost_product_amount < 0) as lost
    from marts.tier_events as events
    inner join marts.accounts as accounts on accounts.account_id = events.tier_unit_id
    where events.effective_date = ?
    order by
        list_position(['drop', 'lapsed', 'watch', 'rise', 'reactivated'], events.event_type),
        abs(coalesce(events.own_profit_change_amount, events.profit_current_amount)) desc,
        events.event_key"""
_AGING = f"""
    select as_of_date as month_end, sum(current_amount) as due, sum(overdue_1_30_amount) as d30,
        sum(overdue_31_60_amount) as d60, sum(overdue_61_90_amount) as d90,
        sum(overdue_90_plus_amount) as older
    from marts.receivables_aging where is_month_end and not is_internal
    group by as_of_date order by as_of_date desc limit {SHOWN_MONTHS}"""
_DEBTORS = f"""
    select account_id, account_name, owner_name, tier, gross_receivables_amount, overdue_amount,
        overdue_31_plus_amount, payment_trap_status, credit_status
    from marts.accounts
    where not is_internal and overdue_31_plus_amount > 0
    order by overdue_31_plus_amount desc, account_id limit {SHOWN_ROWS}"""
_BRIDGE = """
    select * from marts.retention_summary
    where scope_type = 'company' and measure = 'revenue' and comparison = 'year_over_year'
    order by month_end desc limit 1"""
_LEADERS = f"""
    select accounts.account_id, accounts.account_name, accounts.owner_name, accounts.tier,
        accounts.provisional_tier, accounts.predicted_tier, accounts.lifecycle_state,
        tiers.ttm_profit_amount, tiers.ttm_net_revenue_amount, tiers.profit_share_ratio,
        before.ttm_profit_amount as prior_profit_amount
    from marts.account_tiers as tiers
    inner join marts.accounts as accounts on accounts.account_id = tiers.tier_unit_id
    left join marts.account_tiers as before
        on before.tier_unit_id = tiers.tier_unit_id
        and before.measure_used = tiers.measure_used
        and before.month_end = last_day(tiers.month_end - interval 12 month)
    where tiers.month_end = ?
    order by tiers.ttm_profit_amount desc, accounts.account_id limit {SHOWN_ROWS}"""
_CONCENTRATION = f"""
    select * from marts.concentration
    where scope_type = 'company' and measure = 'revenue'
    order by month_end desc limit {SHOWN_MONTHS}"""
_COVERAGE = """
    select entity, column_name, is_entity_present, rows_count, coverage_ratio, expired_count,
        quarantined_count
    from marts.data_coverage
    order by coverage_ratio, entity, column_name"""


def write_report(settings: Settings) -> Path:
    """Write the report of the current publication beside its marts; return the file.

    Raises ConfigurationError before the first publication.
    """
    with open_publication(settings) as reader:
        texts, pages = texts_in(settings.language), pages_of(settings.superset_url)
        page = render(report_facts(reader), texts, pages)
        folder = reader.folder
    draft = folder / f".{NAME}"
    draft.write_text(page, encoding="utf-8")
    return draft.replace(folder / NAME)


def report_facts(reader: Reader) -> dict[str, Any]:
    """Return what the page shows: rows of the marts by section, newest month last."""
    months = reader.rows(_MONTHS)
    last = months[-1] if months else {}
    month_end = last.get("month_end")
    changes = reader.rows(_CHANGES, month_end)
    concentration = reader.rows(_CONCENTRATION)[::-1]
    largest = concentration[-1]["top1_tier_unit_id"] if concentration else None
    coverage = reader.rows(_COVERAGE)
    return {
        "as_of_date": reader.manifest["as_of_date"],
        "currency": reader.manifest["base_currency"],
        "months": months,
        "now": last,
        "before": months[-2] if len(months) > 1 else {},
        "year_before": months[-13] if len(months) > 12 else {},
        "worse": [row for row in changes if row["event_type"] in BAD],
        "better": [row for row in changes if row["event_type"] not in BAD],
        "aging": reader.rows(_AGING)[::-1],
        "debtors": reader.rows(_DEBTORS),
        "owed": reader.row(
            "select sum(gross_open_amount) as gross, sum(overdue_amount) as overdue, "
            "sum(overdue_90_plus_amount) as older, sum(unapplied_cash_amount) as unapplied, "
            "sum(disputed_amount) as disputed "
            "from marts.receivables_aging where is_latest and not is_internal"
        ),
        "traps": reader.row(
            "select count(*) as accounts, sum(gross_receivables_amount) as amount "
            "from marts.accounts where payment_trap_status = 'trap' and not is_internal"
        ),
        "bridge": reader.row(_BRIDGE),
        "leaders": reader.rows(_LEADERS, month_end),
        "concentration": concentration,
        "largest": reader.row(
            "select account_name from marts.accounts where account_id = ?", largest
        ).get("account_name"),
        "candidates": reader.rows(
            "select accounts.account_id, accounts.account_name, accounts.owner_name, "
            "candidates.tier, candidates.reasons, candidates.candidate_score_ratio, "
            "candidates.coverage_ratio, candidates.is_new_candidate "
            "from marts.quasi_key_accounts as candidates "
            "inner join marts.accounts as accounts "
            "on accounts.account_id = candidates.tier_unit_id where candidates.month_end = ? "
            "order by candidate_score_ratio desc, accounts.account_id limit 5",
            month_end,
        ),
        "absent": sorted({r["entity"] for r in coverage if not r["is_entity_present"]}),
        "gaps": [r for r in coverage if r["coverage_ratio"] and r["coverage_ratio"] < 1],
        "empty": sum(r["is_entity_present"] and r["coverage_ratio"] == 0 and r["rows_count"] > 0
                     for r in coverage),
        "quarantined": {r["entity"]: r["quarantined_count"] for r in coverage
                        if r["quarantined_count"]},
        "marts": len(reader.manifest["marts"]),
        "rows": sum(mart["rows"] for mart in reader.manifest["marts"].values()),
    }  # fmt: skip


def render(facts: dict[str, Any], texts: Texts = ENGLISH, pages: Pages = NO_PAGES) -> str:
    """Return the page; text of the sources is escaped. `pages` are those it links to."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(
        amount=figures.amount, change=figures.change, percent=partial(figures.percent, texts=texts),
        value=partial(value, texts=texts), line=one_line,
        day=lambda text: texts.day(date.fromisoformat(text)),
    )  # fmt: skip
    measure, has_profit = facts["now"].get("measure_used", ""), _has_profit(facts)
    page = environment.get_template("report.html.j2")
    return page.render(
        **facts, t=texts, pages=pages, plots=report_plots(facts, texts, has_profit=has_profit),
        shown=SHOWN_ROWS, minus=_minus, has_profit=has_profit, moved=partial(_moved, facts, texts),
        measure=texts.word("measure", measure, fallback=texts("block.profit")),
        money=texts.word("currency", facts["currency"], fallback=facts["currency"]),
    )  # fmt: skip


def _has_profit(facts: dict[str, Any]) -> bool:
    """Say whether accounts are ranked by a profit; else too few costs are known."""
    return facts["now"].get("measure_used") not in {None, "net_revenue"}


def _moved(
    facts: dict[str, Any],
    texts: Texts,
    column: str,
    since: str = "before",
    *,
    is_ratio: bool = False,
) -> str | None:
    """Return how far a figure of the newest month is from an earlier one; None if not known."""
    difference = _minus(facts["now"][column], facts[since].get(column))
    if difference is None:
        return None
    return figures.points(difference, texts) if is_ratio else figures.change(difference)


def _minus(left: Decimal | int | None, right: Decimal | int | None) -> Decimal | int | None:
    """Return the difference, or None where a side is unknown."""
    return None if left is None or right is None else left - right
