"""Errors of the notifier; each names the ledger, file or action that is concerned."""

from __future__ import annotations

from keyaccounts.errors import KeyaccountsError, TellableError


class LedgerError(KeyaccountsError):
    """The alert ledger cannot be used: not reachable, or written by a newer program."""


class ActionRefusedError(TellableError):
    """A snooze, acknowledgement, ... breaks a rule and is not recorded."""


class PublicationUnreadableError(KeyaccountsError):
    """There is no publication to tell about, or it lacks a part that the notifier needs."""


class ChatRefusedError(KeyaccountsError):
    """A chat did not take a message; the text names the chat and shows no address."""


class NoAddressError(KeyaccountsError):
    """A real channel was asked to reach a person without an e-mail address."""
