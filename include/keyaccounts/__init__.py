"""Keyaccounts: tiers, receivables, retention and their alerts, every night."""

__version__ = "0.1.0"
