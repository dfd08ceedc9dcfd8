"""Errors that a person can act on; each carries the exit code of the command line.

Exit codes: 0 done, 2 wrong use or configuration, 3 source refused, 4 a check failed and nothing
was published, 5 anything else.
"""

from __future__ import annotations

from keyaccounts.texts import ENGLISH, Texts


class KeyaccountsError(Exception):
    """Something went wrong and the message says what to do."""

    exit_code = 5


class TellableError(KeyaccountsError):
    """An error that a page tells in the language of its readers; as text it is English."""

    exit_code = 2

    def __init__(self, key: str, **facts: object) -> None:
        """Take the key of a text and its facts."""
        self.key, self.facts = key, facts
        super().__init__(self.told(ENGLISH))

    def told(self, texts: Texts) -> str:
        """Return what is wrong, in a language."""
        return texts(self.key, **self.facts)


class ConfigurationError(KeyaccountsError):
    """A setting or an argument is wrong."""

    exit_code = 2


class NotPublishedError(TellableError, ConfigurationError):
    """What somebody asks for is not in the publication."""


class SourceRefusedError(KeyaccountsError):
    """A source breaks the contract; nothing of the named load lands."""

    exit_code = 3


class CheckFailedError(KeyaccountsError):
    """A check failed; the publication stays as it was."""

    exit_code = 4


class RunInProgressError(KeyaccountsError):
    """Another run holds the home."""

    exit_code = 5
