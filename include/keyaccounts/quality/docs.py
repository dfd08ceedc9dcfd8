"""Make the Data Docs pages stand alone, and list them.

As written they fetch styles, scripts and a logo from seven hosts when somebody opens them; offline
they come out bare, and online they tell others who reads. So what they fetch is taken out, a small
style is put in, and the index is a plain list.
"""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from keyaccounts.quality.model import Outcome
from keyaccounts.settings import Run

KEEP_DAYS = 30
FETCHED = (
    re.compile(r"<script[^>]*\bsrc\s*=\s*[\"'](?:https?:)?//[^>]*>\s*</script>", re.I),
    re.compile(r"<link[^>]*\bhref\s*=\s*[\"'](?:https?:)?//[^>]*>", re.I),
    re.compile(r"<img[^>]*\bsrc\s*=\s*[\"'](?:https?:)?//[^>]*>", re.I),
    re.compile(r"url\(\s*[\"']?(?:https?:)?//[^)]*\)", re.I),
)
STYLE = """<style>
body{font:15px/1.5 system-ui,sans-serif;color:#222;margin:0;padding:1rem 2rem}
table{border-collapse:collapse;margin:.5rem 0 1rem}th,td{border:1px solid #ccc;padding:.3rem .6rem;
text-align:left;vertical-align:top}th{background:#f3f3f3}h1{font-size:1.4rem}h2{font-size:1.1rem}
.row{display:flex;flex-wrap:wrap;gap:1rem}.failed{color:#a40000}.warning{color:#8a5a00}
.passed{color:#1b6e1b}.modal,.navbar-toggler,.ge-walkthrough-modal,footer,nav svg,#sidebar
{display:none}code,pre{white-space:pre-wrap}
</style>"""


def stand_alone(page: str) -> str:
    """Return a page that fetches nothing, with the small style."""
    for pattern in FETCHED:
        page = pattern.sub("", page)
    return page.replace("</head>", STYLE + "</head>", 1)


def forget_old(site: Path, suite: str, keep: int = KEEP_DAYS) -> None:
    """Remove the pages of all but the `keep` newest runs of a suite."""
    for folder in (site / "validations" / suite).glob("*"):
        runs = sorted(folder.iterdir(), key=lambda run: run.stat().st_mtime)
        for old in runs[:-keep]:
            shutil.rmtree(old, ignore_errors=True)


def write_index(site: Path, suite: str, outcomes: Sequence[Outcome], run: Run) -> None:
    """Clean the new pages, keep the result as `<suite>.html` and list all in `index.html`."""
    pages = sorted((site / "validations" / suite).glob(f"*/{run.as_of_date}/*/*.html"))
    for page in [*pages, *(site / "expectations" / suite).glob("*.html")]:
        text = page.read_text("utf-8")
        if STYLE not in text:
            page.write_text(stand_alone(text), "utf-8")
    rows = "".join(_row(outcome) for outcome in outcomes)
    links = _links(site, pages)
    _write(
        site / f"{suite}.html",
        f"Checks of the {suite}",
        f"<p>As of {run.as_of_date}</p><table><tr><th>Expectation</th><th>Result</th>"
        f"<th>Observed</th><th>Why</th><th>What to do</th></tr>{rows}</table>"
        f"<h2>Pages of Great Expectations</h2>{links}<p><a href='index.html'>All checks</a></p>",
    )
    newest = "".join(
        f"<li><a href='{name}.html'>Checks of the {name}, newest run</a></li>"
        for name in ("landing", "marts")
        if (site / f"{name}.html").is_file()
    )
    every = _links(site, sorted((site / "validations").glob("**/*.html"), reverse=True))
    _write(site / "index.html", "Checks", f"<ul>{newest}</ul><h2>All runs</h2>{every}")


def _row(outcome: Outcome) -> str:
    e = outcome.expectation
    word = "passed" if outcome.success else "failed" if e.blocks else "warning"
    cells = (f"{e.claim} ({e.name})", word, outcome.observed, e.reason, e.action)
    shown = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
    return f"<tr class='{word}'>{shown}</tr>"


def _links(site: Path, pages: Sequence[Path]) -> str:
    items = []
    for page in pages:
        address = page.relative_to(site).as_posix()
        suite, measure, day = Path(address).parts[1:4]
        items.append(f"<li><a href='{html.escape(address)}'>{day} {suite} {measure}</a></li>")
    return f"<ul>{''.join(items)}</ul>"


def _write(file: Path, title: str, body: str) -> None:
    draft = file.with_suffix(".new")
    draft.write_text(
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>{title}</title>"
        f"{STYLE}</head><body><h1>{title}</h1>{body}</body></html>\n",
        "utf-8",
    )
    draft.replace(file)
