"""Dashboards in Superset: their definitions, the bundle made of them, roles, and the publication they read."""
