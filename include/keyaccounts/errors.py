"""Errors that a person can act on; each carries the exit code of the command line.

Exit codes: 0 done, 2 wrong use or configuration, 3 source refused, 4 a check failed and nothing
was published, 5 anything else.
"""

from __future__ import annotations


class KeyaccountsError(Exception):
    """Something went wrong and the message says what to do."""

    exit_code = 5


class ConfigurationError(KeyaccountsError):
    """A setting or an argument is wrong."""

    exit_code = 2


class SourceRefusedError(KeyaccountsError):
    """A source breaks the contract; nothing of the named load lands."""

    exit_code = 3


class CheckFailedError(KeyaccountsError):
    """A check failed; the publication stays as it was."""

    exit_code = 4


class RunInProgressError(KeyaccountsError):
    """Another run holds the home."""

    exit_code = 5
