"""Checks at the borders: what comes in, what goes out."""

from keyaccounts.quality.check import check_landing, check_marts

__all__ = ["check_landing", "check_marts"]
