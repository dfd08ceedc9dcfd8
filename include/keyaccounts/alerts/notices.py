"""Notices to the people who look after the alerts themselves."""

from __future__ import annotations

from collections.abc import Sequence

from keyaccounts.alerts.formats import one_line
from keyaccounts.alerts.holds import found_in
from keyaccounts.alerts.messages import Desk, footer
from keyaccounts.alerts.model import Hold, Message, RunContext
from keyaccounts.alerts.rendering import Mail, render


def hold_notices(
    opened: Sequence[Hold], held_count: int, run: RunContext, desk: Desk
) -> list[Message]:
    """Return the notices, to data engineers and the fallback manager, that alerts wait."""
    messages, texts = [], desk.texts
    for hold in opened:
        found, reason = one_line(found_in(hold, texts)), texts.word("hold_reason", hold.reason)
        lines = (
            texts("notice.on_hold", day=run.as_of_date, reason=reason),
            texts("notice.found", found=found),
            texts("notice.waiting", alerts=held_count),
        )
        subject = texts("notice.subject", found=found)
        mail = Mail(subject, footer(run, texts), lines, texts=texts)
        parts = (f"hold|{hold.reason}|{hold.scope}|{run.as_of_date}",)
        for recipient in sorted({desk.routing.data_engineers, desk.routing.fallback_manager}):
            is_urgent = recipient == desk.routing.data_engineers
            messages.append(render(mail, recipient, parts, is_urgent=is_urgent))
    return messages
