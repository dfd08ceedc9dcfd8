"""The warehouse: runs dbt over the landing and reads its results."""

from keyaccounts.warehouse.build import BuildResult, build, mark_audited

__all__ = ["BuildResult", "build", "mark_audited"]
