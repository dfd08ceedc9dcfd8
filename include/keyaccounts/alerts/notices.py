"""Notices to the people who look after the alerts themselves."""

from __future__ import annotations

from collections.abc import Sequence

from keyaccounts.alerts import wording
from keyaccounts.alerts.formats import one_line
from keyaccounts.alerts.messages import Desk, footer
from keyaccounts.alerts.model import Hold, Message, RunContext
from keyaccounts.alerts.rendering import Mail, render


def hold_notices(
    opened: Sequence[Hold], held_count: int, run: RunContext, desk: Desk
) -> list[Message]:
    """Return the notices, to data engineers and the fallback manager, that alerts wait."""
    messages = []
    for hold in opened:
        lines = (
            f"The business alerts of {run.as_of_date} are on hold: "
            f"{wording.HOLDS.get(hold.reason, hold.reason)}.",
            f"Found: {one_line(hold.detail)}.",
            f"{held_count} alerts wait. Check the data. When it is wrong, repair and run again; "
            "when it is right, run `keyaccounts notify --release-holds`.",
        )
        mail = Mail(f"Alerts on hold: {one_line(hold.detail)}", footer(run), lines)
        parts = (f"hold|{hold.reason}|{hold.scope}|{run.as_of_date}",)
        for recipient in sorted({desk.routing.data_engineers, desk.routing.fallback_manager}):
            is_urgent = recipient == desk.routing.data_engineers
            messages.append(render(mail, recipient, parts, is_urgent=is_urgent))
    return messages
