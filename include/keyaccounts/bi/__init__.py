"""Dashboards in Superset: definitions, the bundle made of them, roles, the version they read."""
