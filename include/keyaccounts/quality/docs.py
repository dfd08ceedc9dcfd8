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

KEEP_RUNS = 30
FETCHED = (
    re.compile(r"<script[^>]*\bsrc\s*=\s*[\"'](?:https?:)?//[^>]*>\s*</script>", re.I),
    re.compile(r"<link[^>]*\bhref\s*=\s*[\"'](?:https?:)?//[^>]*>", re.I),
    re.compile(r"<img[^>]*\bsrc\s*=\s*[\"'](?:https?:)?//[^>]*>", re.I),
    re.compile(r"url\(\s*[\"']?(?:https?:)?//[^)]*\)", re.I),
)
STYLE = r"""<style>
body{font:15px/1.5 system-ui,sans-serif;color:#222;margin:0;padding:1rem 2rem}
table{border-collapse:collapse;margin:.5rem 0 1rem}th,td{border:1px solid #ccc;padding:.3rem .6rem;
text-align:left;vertical-align:top}th{background:#f3f3f3}h1{font-size:1.4rem}h2{font-size:1.1rem}
.row{display:flex;flex-wrap:wrap;gap:1rem}.failed{color:#a40000}.warning{color:#8a5a00}
.passed{color:#1b6e1b}.sticky,.modal,footer,svg{display:none}
code,pre{white-space:pre-wrap}.fa-check-circle:before{content:"\2713";color:#1b6e1b}
.fa-times:before,.fa-exclamation-triangle:before{content:"\2717";color:#a40000}
</style>"""


def stand_alone(page: str) -> str:
    """Return a page that fetches nothing, with the small style."""
    for pattern in FETCHED:
        page = pattern.sub("", page)
    return page.replace("</head>", STYLE + "</head>", 1)


def take_over(draft: Path, site: Path, suite: str, keep: int = KEEP_RUNS) -> None:
    """Move freshly written pages into the site, cleaned; keep the `keep` newest runs of the suite.

    Great Expectations removes the pages of other runs from the folder that it writes to, so it
    writes to a draft.
    """
    draft.mkdir(parents=True, exist_ok=True)
    for page in draft.glob("**/*.html"):
        page.write_text(stand_alone(page.read_text("utf-8")), "utf-8")
    shutil.copytree(draft, site, dirs_exist_ok=True)
    shutil.rmtree(draft)
    for measure in (site / "validations" / suite).glob("*"):
        runs = sorted(measure.glob("*/*"), key=lambda run: (run.name, run.parent.name))
        for old in runs[:-keep]:
            shutil.rmtree(old, ignore_errors=True)


def write_index(site: Path, suite: str, outcomes: Sequence[Outcome], run: Run) -> None:
    """Write the result as `<suite>.html` and list all pages in `index.html`."""
    pages = sorted((site / "validations" / suite).glob(f"*/{run.as_of_date}/*/*.html"))
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
