"""How DuckDB runs under Superset. Needs no package: what measures it runs without Superset."""

from __future__ import annotations

LOCKED_DOWN = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "memory_limit": "1GB",
    "threads": "2",
    "lock_configuration": "true",
}
"""SQL reads the published file and nothing else of the machine, and cannot change that."""
