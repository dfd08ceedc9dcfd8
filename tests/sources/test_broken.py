"""Broken files: each gets its own message, as docs/files.md has it, and nothing good is lost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from keyaccounts import nightly
from keyaccounts.errors import KeyaccountsError
from keyaccounts.landing import latest_rows
from keyaccounts.settings import PROJECT_ROOT
from tests.conftest import run_at, settings_for, silent
from tests.sources.broken import BROKEN, Broken

DOCUMENT = PROJECT_ROOT / "docs/files.md"
PLACE = "sources.yml line 5: "
ROW = re.compile(r"\| ([^|]+) \| `(.*)` \| (\d+) \| (\d+) \|")


@dataclass(frozen=True)
class Told:
    """What came of a file: the first thing that is said of it, rows that landed, rows held back."""

    message: str
    rows: int
    held: int
    exit_code: int = 0


def told(folder: Path, broken: Broken) -> Told:
    """Land a file and return what is said."""
    (folder / "files").mkdir()
    (folder / "files" / broken.name).write_bytes(broken.content)
    keys = "".join(f"    {key}: {value!r}\n" for key, value in broken.keys.items())
    (folder / "sources.yml").write_text(
        "systems:\n  office: {kind: files, folder: files}\nentities:\n"
        "  crm_accounts: {from: office}\n"
        f"  erp_invoices:\n    from: office\n    file: {broken.name}\n{keys}"
        "  erp_invoice_lines: {from: office}\n",
        "utf-8",
    )
    settings = settings_for(folder / "home", sources=str(folder / "sources.yml"))
    try:
        said = nightly.extract(settings, run_at("2026-04-05"), "erp_invoices", silent)
    except KeyaccountsError as error:
        message = str(error).removeprefix(PLACE) if PLACE in str(error) else f"no line: {error}"
        return Told(message, len(latest_rows(settings, "erp_invoices")), 0, error.exit_code)
    odd = [note for note in said["notes"] if not re.match(r"[^:]+: \d+ rows", note)]
    landed = len(latest_rows(settings, "erp_invoices"))
    return Told([*said["examples"], *odd, ""][0], landed, said["quarantined"])


def documented() -> dict[str, Told]:
    """Return what the document says; a file of which nothing lands is refused."""
    found = ROW.findall(DOCUMENT.read_text("utf-8"))
    return {
        name: Told(text, int(rows), int(held), 0 if "no row" in text or int(rows) else 3)
        for name, text, rows, held in found
    }


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_told_as_documented(tmp_path: Path, name: str) -> None:
    assert told(tmp_path, BROKEN[name]) == documented().get(name)


def test_the_document_has_all_of_them_and_no_other() -> None:
    assert list(documented()) == list(BROKEN)
    assert len(BROKEN) >= 30
