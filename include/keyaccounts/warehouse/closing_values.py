"""Files of what was first published: values by closing, changes of documents between closings.

All of it is derived and lies below `warehouse/first_published`: deleted, it is made again. A file
is named by the loads, the day and all else that it rests on; it appears when it is whole.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb

from keyaccounts.contract import CONTRACT_FILE
from keyaccounts.landing import changes, closings, resolve
from keyaccounts.landing.closings import Closing
from keyaccounts.landing.loads import Load, in_play
from keyaccounts.settings import Settings

TIERS, UNITS, VERDICT = "tiers.parquet", "units.parquet", "verdict"
Log = Callable[[str], None]


def basis_of(settings: Settings, project_hash: str) -> str:
    """Return a name for all that the values rest on beside loads and day."""
    files = [Path(str(module.__file__)) for module in (changes, resolve)]
    files += [Path(__file__), Path(__file__).with_name("landing_schema.py"), CONTRACT_FILE]
    given = [settings.base_currency, settings.timezone, str(settings.max_rate_age_days)]
    texts = [file.read_text("utf-8") for file in files]
    return _digest([duckdb.__version__, settings.engine, project_hash, *given, *texts])


@dataclass(frozen=True)
class ClosingValues:
    """The derived files of one home, on one basis (`basis_of`); `landed` are all its loads."""

    settings: Settings
    basis: str
    landed: closings.Landed

    @property
    def folder(self) -> Path:
        return self.settings.home / "warehouse" / "first_published"

    def values(self, closing: Closing) -> Path:
        """Return the folder of its values, there or not."""
        return self.folder / f"values-{self._state(closing.loads, str(closing.as_of_date))}"

    def _loads(self, loads: dict[str, int]) -> list[Load]:
        return closings.landed_then(self.landed, loads) or []

    def _state(self, loads: dict[str, int], *more: str) -> str:
        hashes = [
            f"{load.entity}/{load.number}/{load.manifest['content_hash']}"
            for load in self._loads(loads)
        ]
        return _digest([self.basis, *more, *hashes])[:24]

    @contextmanager
    def home_of(self, closing: Closing) -> Iterator[Settings]:
        """Yield a home that holds what had landed then, and nothing else."""
        home = self.folder / "home_then"
        shutil.rmtree(home, ignore_errors=True)
        for load in self._loads(closing.loads):
            place = home / "landing" / load.entity / load.folder.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(load.folder.absolute(), target_is_directory=True)
        try:
            # What was published then had been accepted: it is not refused now.
            yield replace(self.settings, home=home, max_quarantine_share=1.0)
        finally:
            shutil.rmtree(home, ignore_errors=True)

    def keep(self, closing: Closing, warehouse: Path, verdict: Path, known: list[Closing]) -> None:
        """Keep the values of the month-ends that it may be the first publication of."""
        days = closings.first_published_by(closing, known)
        listed = ", ".join(f"date '{day}'" for day in days)
        place = self.values(closing)
        draft = place.with_name(f".new-{place.name}")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(verdict, draft / VERDICT)
        con = duckdb.connect(str(warehouse), read_only=True)
        try:
            con.execute(
                "copy (select month_end, tier_unit_id, ttm_net_revenue_amount, ttm_profit_amount, "
                f"tier from marts.account_tiers where month_end in ({listed}) order by all) "
                f"to '{draft / TIERS}' (format parquet)"
            )
            con.execute(
                "copy (select months.month_end, units.account_id, units.tier_unit_id "
                "from intermediate.int_identity__account_units as units "
                "join intermediate.int_calendar__month_ends as months using (epoch_date) "
                f"where not units.is_internal and months.month_end in ({listed}) order by all) "
                f"to '{draft / UNITS}' (format parquet)"
            )
        finally:
            con.close()
        shutil.rmtree(place, ignore_errors=True)
        draft.rename(place)

    def step(
        self,
        before: tuple[dict[str, int], Path],
        after: tuple[dict[str, int], Path],
        until: date,
        log: Log,
    ) -> Path:
        """Return the file of the documents that differ between two states: loads and verdict."""
        name = f"changes-{self._state(after[0], self._state(before[0]), str(until))}"
        file = self.folder / f"{name}.parquet"
        if not file.is_file():
            log(f"  documents up to {until} that came, changed or went since")
            draft = self.folder / f".new-{name}"
            states = [
                changes.State(self._in_play(loads), verdict) for loads, verdict in (before, after)
            ]
            changes.write_changes(self.settings, states[0], states[1], until, draft)
            draft.rename(file)
        return file

    def _in_play(self, loads: dict[str, int]) -> dict[str, list[Load]]:
        landed = self._loads(loads)
        return {
            entity: in_play([load for load in landed if load.entity == entity])
            for entity in changes.KEYS
        }

    def prune(self, known: list[Closing], steps: set[Path] | None) -> None:
        """Remove what no closing needs; with `steps` None all of those stay."""
        kept = {self.values(closing) for closing in known} | (steps or set())
        for path in sorted(self.folder.glob("*")):
            is_step = path.name.startswith("changes-")
            if path not in kept and not (is_step and steps is None):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
