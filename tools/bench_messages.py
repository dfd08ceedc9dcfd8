"""Time from a publication to the last message: 500 new alerts, to a real SMTP server.

    python -m tools.bench_messages --home .demo/home --alerts 500

Takes the publication of a home (`make demo` leaves one), tells its newest alerts of accounts as new
ones of its day into a ledger of its own, and counts what the server got. `without plots` is the
same with no plot drawn. Wall and CPU seconds, the server's own among them; what Airflow takes to
wake the alerts comes on top.
"""

from __future__ import annotations

import argparse
import socket
import tempfile
import time
from dataclasses import replace
from datetime import datetime, timedelta
from datetime import time as clock
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

from aiosmtpd.controller import Controller

from keyaccounts.alerts.notify import notify
from keyaccounts.alerts.plots import kind_of
from keyaccounts.alerts.publication import Publication, read_publication
from keyaccounts.settings import Run, Settings, load_settings


class Inbox:
    """Counts mails and bytes."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.sizes: list[int] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802
        """Take a mail."""
        self.sizes.append(len(envelope.content))  # type: ignore[attr-defined]
        return "250 OK"


def main() -> int:
    """Measure with plots and without."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--home", type=Path, default=Path(".demo/home"))
    parser.add_argument("--alerts", type=int, default=500)
    options = parser.parse_args()
    settings = load_settings(home=str(options.home))
    started = time.monotonic()
    publication = as_new(read_publication(settings.published), options.alerts)
    print(f"publication read in {time.monotonic() - started:.1f} s")
    for what in ("first", "with plots", "without plots"):
        tell(settings, publication, what)
    return 0


def as_new(publication: Publication, count: int) -> Publication:
    """Return the publication with so many new alerts that have plots, of different accounts."""
    newest = sorted(publication.candidates, key=lambda event: event.effective_date, reverse=True)
    picked = {(e.alert_type, e.account_id): e for e in newest if kind_of(e) and e.account_id}
    events = tuple(
        replace(
            event, event_key=f"bench|{number}", effective_date=publication.as_of_date,
            severity="high", delivery="immediate",
        )
        for number, event in enumerate(list(picked.values())[:count])
    )  # fmt: skip
    return replace(publication, candidates=events)


def tell(settings: Settings, publication: Publication, what: str) -> None:
    """Send the alerts once and print what that took."""
    inbox = Inbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(inbox, hostname="127.0.0.1", port=port)
    server.start()
    ahead = timedelta(days=1 + (0 - publication.as_of_date.weekday()) % 7)
    tuesday = datetime.combine(
        publication.as_of_date + ahead, clock(9), ZoneInfo(settings.timezone)
    )
    run = Run(publication.as_of_date, tuesday)
    given = publication if what != "without plots" else replace(publication, folder=None)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "landing").symlink_to(settings.home.resolve() / "landing")
        here = replace(
            settings, home=home, ledger_url=None, smtp_url=f"smtp://127.0.0.1:{port}",
            go_live_date=publication.month_ends_from,
        )  # fmt: skip
        wall, cpu = time.monotonic(), time.process_time()
        with patch("keyaccounts.alerts.notify.read_publication", lambda _: given):
            told = notify(here, run, release_holds=True, log=lambda _: None)
        print(
            f"{what}: {len(publication.candidates)} alerts, {len(inbox.sizes)} mails, "
            f"{sum(inbox.sizes) / 1e6:.1f} MB, {time.monotonic() - wall:.1f} s, "
            f"CPU {time.process_time() - cpu:.1f} s; {told['deliveries']}"
        )
    server.stop()


if __name__ == "__main__":
    raise SystemExit(main())
