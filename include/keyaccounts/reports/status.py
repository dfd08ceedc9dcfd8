"""`keyaccounts status` and the last lines of the demo."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from keyaccounts.alerts.formats import CENT
from keyaccounts.nightly import run_facts
from keyaccounts.publishing.publish import current_version, read_manifest
from keyaccounts.reports.figures import UNKNOWN, amount, percent
from keyaccounts.reports.reader import open_publication
from keyaccounts.settings import Settings

SHOWN_RUNS = 5


def status(settings: Settings) -> dict[str, Any]:
    """Return what is published and how the last runs went."""
    version = current_version(settings)
    runs = [
        {key: run.get(key) for key in ("as_of_date", "status", "seconds", "error")}
        for run in run_facts(settings)[:SHOWN_RUNS]
    ]
    return {
        "home": settings.home.name,
        "published": read_manifest(version) if version else None,
        "runs": runs,
    }


def status_lines(facts: dict[str, Any]) -> list[str]:
    """Return the status as text."""
    published = facts["published"]
    if published is None:
        lines = [f"nothing is published in {facts['home']}: run `keyaccounts nightly --home DIR`"]
    else:
        rows = sum(mart["rows"] for mart in published["marts"].values())
        lines = [
            f"published: version {published['version']}, figures as of {published['as_of_date']}, "
            f"{len(published['marts'])} marts, {rows:,} rows, at {published['published_at']}"
        ]
        if restated := published["marts"].get("restatements", {}).get("rows"):
            lines.append(f"restated: {restated:,} values of closed months, see mart restatements")
    for run in facts["runs"]:
        error = f": {run['error']}" if run["error"] else ""
        seconds = "" if run["seconds"] is None else f" in {run['seconds']} s"
        lines.append(f"run as of {run['as_of_date']}: {run['status']}{seconds}{error}")
    return lines


def demo_lines(settings: Settings) -> list[str]:
    """Return twelve lines on what was built, what was found, and where to look."""
    with open_publication(settings) as reader:
        manifest = reader.manifest
        day, currency = manifest["as_of_date"], manifest["base_currency"]
        tiers = reader.rows(
            "select tier, count(*) as units, sum(ttm_profit_amount) as profit "
            "from marts.account_tiers where month_end = (select max(month_end) "
            "from marts.account_tiers) group by tier order by tier"
        )
        drops = reader.rows(
            "select e.from_tier, e.to_tier, e.own_profit_change_amount as change, a.account_name "
            "from marts.tier_events as e join marts.accounts as a on a.account_id = e.tier_unit_id "
            "where e.event_type = 'drop' and e.effective_date = (select max(month_end) "
            "from marts.account_tiers) order by change, account_name"
        )
        money = reader.row(
            "select sum(gross_open_amount) as gross, sum(overdue_amount) as overdue, "
            "sum(overdue_90_plus_amount) as old, sum(unapplied_cash_amount) as unapplied "
            "from marts.receivables_aging where is_latest and not is_internal"
        )
        kept = reader.row(
            "select nrr, grr, logo_retention_ratio as logo, leak_ratio as leak "
            "from marts.retention_summary where scope_type = 'company' and measure = 'revenue' "
            "and comparison = 'year_over_year' order by month_end desc limit 1"
        )
        events = reader.row("select count(*) as n from marts.account_alerts")
    total = sum((row["profit"] for row in tiers), Decimal(0))
    share = next((row["profit"] / total for row in tiers if row["tier"] == "A" and total), None)
    rows = sum(mart["rows"] for mart in manifest["marts"].values())
    letters = sorted(settings.outbox.glob("*/*.txt")) if settings.outbox.is_dir() else []
    shown = "; ".join(
        f"{d['account_name']} {d['from_tier']} to {d['to_tier']} ({amount(d['change'])})"
        for d in drops[:3]
    )
    return [
        f"Built     {len(manifest['marts'])} marts, {rows:,} rows, as of {day}, in {currency}",
        "Tiers     " + ", ".join(f"{row['tier']} {row['units']}" for row in tiers)
        + f"; A earns {_percent(share)} of the profit",
        f"Drops     {len(drops)} at the last month-end" + (f": {shown}" if shown else ""),
        f"Overdue   {amount(money['overdue'])} of {amount(money['gross'])} open; "
        f"{amount(money['old'])} more than 90 days; {amount(money['unapplied'])} not applied",
        f"Retention NRR {_percent(kept.get('nrr'))}, GRR {_percent(kept.get('grr'))}, customers "
        f"kept {_percent(kept.get('logo'))}, leak ratio {_plain(kept.get('leak'))}",
        f"Alerts    {events['n']} events on record, {len(letters)} messages in "
        f"{settings.outbox}",
        f"Restated  {manifest['marts']['restatements']['rows']} values of closed months: late "
        "documents and corrections (mart restatements)",
        f"Marts     {settings.published / 'current' / 'keyaccounts.duckdb'} (schema marts), "
        "Parquet beside it",
        f"Report    {settings.published / 'current' / 'report.html'} (open it in a browser)",
        f"Checks    {settings.home / 'reports' / 'data_docs' / 'index.html'}",
        f"Status    keyaccounts status --home {settings.home}",
        f"Why       keyaccounts explain ACCOUNT_ID --home {settings.home}",
    ]  # fmt: skip


def _percent(value: Decimal | None) -> str:
    return percent(value, 1)


def _plain(value: Decimal | None) -> str:
    return UNKNOWN if value is None else f"{value.quantize(CENT, ROUND_HALF_UP)}"
