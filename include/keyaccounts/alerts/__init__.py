"""Alerts: published events, decisions, the ledger, messages and their channels."""
