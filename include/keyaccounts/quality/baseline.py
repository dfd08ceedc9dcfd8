"""What this night is compared with: the current publication, and the loads that it rests on.

What was published was accepted. Without a publication nothing is compared: nobody relies on it.
A real shrinkage is accepted by the name of that version in the file `accept_shrink` of the home;
with the next publication the acceptance has served its turn.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime

from keyaccounts.landing.loads import Load
from keyaccounts.settings import Settings

ACCEPT = "accept_shrink"


@dataclass(frozen=True)
class Baseline:
    """The current publication: version, day, time, rows by mart."""

    version: str
    as_of_date: date
    published_at: datetime
    rows: dict[str, int]


def baseline(settings: Settings) -> Baseline | None:
    """Return what to compare with; None without a publication or when shrinkage is accepted."""
    manifest_file = settings.published / "current" / "manifest.json"
    if not manifest_file.is_file():
        return None
    manifest = json.loads(manifest_file.read_text("utf-8"))
    accepted = settings.home / ACCEPT
    if accepted.is_file() and accepted.read_text("utf-8").strip() == manifest["version"]:
        return None
    return Baseline(
        manifest["version"],
        date.fromisoformat(manifest["as_of_date"]),
        datetime.fromisoformat(manifest["published_at"]),
        {name: mart["rows"] for name, mart in manifest["marts"].items()},
    )


def accepted_load(loads: list[Load], base: Baseline | None) -> Load | None:
    """Return the load that the newest one is compared with, or None.

    Both are full loads, the newest one came after the publication, and it does not describe an
    earlier day (a back-fill).
    """
    if base is None or len(loads) < 2 or loads[-1].manifest["mode"] != "full":
        return None
    newest = loads[-1].manifest
    if newest.get("is_emptied"):
        # Confirmed when it was loaded.
        return None
    published = [
        load
        for load in loads
        if datetime.fromisoformat(load.manifest["loaded_at"]) <= base.published_at
    ]
    if not published or published[-1] is loads[-1] or published[-1].manifest["mode"] != "full":
        return None
    is_later = newest["as_of_date"] >= published[-1].manifest["as_of_date"]
    return published[-1] if is_later else None


def accept_hint(base: Baseline | None) -> str:
    """Return what to do when the shrinkage is right."""
    version = base.version if base else "<current version>"
    return f"If it is right, write {version} into the file {ACCEPT} of the home and run again"
