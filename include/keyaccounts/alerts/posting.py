"""Post outside a decision round: what waits for business hours, and notices of failed runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from keyaccounts.alerts.channels import OUTBOX, Channel, Outbox, SmtpChannel, build_email, takers
from keyaccounts.alerts.chats import chat_channels
from keyaccounts.alerts.delivery import Post, deliver, named, within_business_hours
from keyaccounts.alerts.formats import one_line
from keyaccounts.alerts.ledger import Ledger
from keyaccounts.alerts.rendering import Mail, render
from keyaccounts.alerts.routing import Routing, users_from_rows
from keyaccounts.settings import Run, Settings
from keyaccounts.texts import Texts, texts_in

Log = Callable[[str], None]


def deliver_pending(
    settings: Settings,
    *,
    wall_time: datetime,
    channels: Sequence[Channel] | None = None,
    log: Log = print,
) -> dict[str, int]:
    """Send what waits for business hours or failed before, without deciding anything.

    Meant for an hourly schedule: a night run is always outside business hours. Returns counts:
    sent, waiting, failed. Raises LedgerError, RunInProgressError and ConfigurationError.
    """
    post = make_post(settings, wall_time, channels)
    with (
        closing(Ledger(settings.ledger)) as ledger,
        ledger.writer(f"delivery {wall_time.isoformat()}"),
    ):
        return deliver(ledger, post, wall_time, log)


def tell_data_engineers(
    settings: Settings,
    run: Run,
    subject: str,
    lines: Sequence[str],
    channels: Sequence[Channel] | None = None,
    log: Log = print,
) -> dict[str, int]:
    """Tell the data engineers at once, at any hour, that a run failed.

    It does not use the ledger, which may be what failed; the same notice for the same D
    overwrites itself in the outbox and keeps its Message-ID. A channel that fails is logged.
    Returns counts: sent, failed.
    """
    post = make_post(settings, run.wall_time, channels, routing=_standing(settings))
    recipient = post.routing.data_engineers
    clean = tuple(one_line(line, 1000) for line in lines)
    texts = texts_in(settings.language)
    footer = texts("notice.footer", day=run.as_of_date)
    mail = Mail(one_line(subject), footer, clean, texts=texts)
    message = render(mail, recipient, ("notice", str(run.as_of_date), subject, *clean))
    address = post.routing.address(recipient)
    email = build_email(
        message,
        sender=settings.mail_from,
        name=texts("notice.data_engineers"),
        address=address,
        created_at=run.wall_time,
    )
    counts = Counter[str]()
    sends: list[tuple[str, Callable[[], object]]] = [
        (OUTBOX, lambda: post.outbox.write(message, email, run.as_of_date))
    ]
    sends += [
        (name, lambda channel=post.channels[name]: channel.send(email))  # type: ignore[misc]
        for name in takers(post.channels, recipient)
        if address or not getattr(post.channels[name], "needs_address", True)
    ]
    for name, act in sends:
        try:
            act()
            counts["sent"] += 1
        except Exception as error:  # the failure that is told must not be hidden by another one
            counts["failed"] += 1
            log(f"{name}: notice to data engineers failed: {one_line(error)}")
    return {"sent": counts["sent"], "failed": counts["failed"]}


def make_post(
    settings: Settings,
    wall_time: datetime,
    channels: Sequence[Channel] | None,
    routing: Routing | None = None,
) -> Post:
    """Return the outbox, the channels by name and the people; raises ConfigurationError."""
    if channels is None:
        channels = [SmtpChannel(settings.smtp_url)] if settings.smtp_url else []
    channels = [*channels, *chat_channels(settings)]
    return Post(
        outbox=Outbox(settings.outbox),
        channels=named(channels),
        routing=routing or people(settings, local_date(wall_time, settings)),
        sender=settings.mail_from,
        is_open=within_business_hours(wall_time, settings.business_hours, settings.timezone),
    )


def _standing(settings: Settings) -> Routing:
    return Routing(
        fallback_manager=settings.fallback_manager or "fallback_manager",
        finance_control=settings.finance_control or "finance_control",
        data_engineers=settings.data_engineers or "data_engineers",
        texts=texts_in(settings.language),
    )


def people(settings: Settings, on: date, texts: Texts | None = None) -> Routing:
    """Return who is who on a day, from the newest landed users and the standing addresses.

    `texts` are those in which they are spoken of; default: those of the settings.
    """
    from keyaccounts.landing import latest_rows

    users = users_from_rows(latest_rows(settings, "crm_users"), on)
    return replace(_standing(settings), users=users, texts=texts or texts_in(settings.language))


def local_date(wall_time: datetime, settings: Settings) -> date:
    """Return the day of an instant in the business time zone."""
    return wall_time.astimezone(ZoneInfo(settings.timezone)).date()
