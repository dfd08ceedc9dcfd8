"""One demo company from seed to files."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from keyaccounts.demo.accounts import build_accounts
from keyaccounts.demo.cast import cast
from keyaccounts.demo.credits import add_credit_lines, build_credits
from keyaccounts.demo.documents import build_documents
from keyaccounts.demo.engine import connect, contract, export
from keyaccounts.demo.ledger import build_ledger
from keyaccounts.demo.market import build_market
from keyaccounts.demo.money import build_money
from keyaccounts.demo.out_contact import create_contact_views
from keyaccounts.demo.out_crm import create_crm_views
from keyaccounts.demo.out_erp import create_erp_views
from keyaccounts.demo.out_more import create_more_views
from keyaccounts.demo.plots import Plots, solve
from keyaccounts.demo.population import build_population
from keyaccounts.demo.scenes import EXTRA_DOCUMENT, add_story_lines, story_docs
from keyaccounts.demo.spec import Progress, Spec, checked_spec
from keyaccounts.demo.stories import told_stories


@dataclass(frozen=True)
class _Run:
    spec: Spec
    con: duckdb.DuckDBPyConnection
    progress: Progress


def generate(
    out: Path,
    *,
    accounts: int = 300,
    months: int = 48,
    end: date,
    lines: int | None = None,
    seed: int = 7,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """Write one Parquet file per entity of the source contract, and stories.json, into `out`.

    `lines` is the number of invoice lines to aim at (default six per account and month; small
    companies with stories come out a little higher). The same arguments give the same bytes.
    Files are written beside `out` and moved in at the end; other files in `out` stay.

    Returns {"rows": {entity: count}, "stories": [ids], "first_day", "last_day", "seed"}.
    Raises ValueError when an argument is out of range.
    """
    spec = checked_spec(accounts, months, end, lines, seed)
    out = Path(out).resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as name:
        work = Path(name)
        ready = work / "ready"
        ready.mkdir()
        con = connect(work, spec)
        try:
            run = _Run(spec, con, progress)
            stories = _build(run)
            rows = _export(run, ready)
        finally:
            con.close()
        text = json.dumps(stories, indent=2, ensure_ascii=False)
        (ready / "stories.json").write_text(text + "\n", encoding="utf-8")
        out.mkdir(exist_ok=True)
        for file in sorted(ready.iterdir()):
            shutil.move(file, out / file.name)
    return {
        "rows": rows,
        "stories": [story["id"] for story in stories["stories"]],
        "first_day": spec.start.isoformat(),
        "last_day": spec.end.isoformat(),
        "seed": spec.seed,
    }


def _build(run: _Run) -> dict[str, Any]:
    """All tables and views of the company; returns the content of stories.json."""
    spec, con = run.spec, run.con
    run.progress("accounts")
    build_population(con, spec)
    build_accounts(con, spec)
    build_documents(con, spec, story_docs(spec), run.progress)
    roles = cast(spec)
    build_credits(con, spec, roles["cross"].no if roles else -1, EXTRA_DOCUMENT)
    plots = _plant(run)
    build_money(con, spec, run.progress)
    run.progress("control account")
    build_ledger(con, spec)
    create_crm_views(con, spec)
    create_contact_views(con, spec)
    create_erp_views(con, spec)
    create_more_views(con, spec)
    return told_stories(spec, plots)


def _plant(run: _Run) -> Plots | None:
    """Calibrate the story accounts on the crowd and add their lines."""
    spec, con = run.spec, run.con
    if not spec.has_stories:
        return None
    run.progress("stories")
    market = build_market(con, spec.start.year, spec.start.month, spec.last_month)
    plots = solve(market, spec.last_month, spec.months)
    add_story_lines(con, spec, plots)
    add_credit_lines(con, is_story=True)
    return plots


def _export(run: _Run, ready: Path) -> dict[str, int]:
    rows = {}
    for entity in contract():
        run.progress(f"writing {entity}")
        rows[entity] = export(run.con, entity, ready / f"{entity}.parquet")
    return rows
