"""The warehouse: runs dbt over the landing and reads its results."""

from keyaccounts.warehouse.build import BuildResult, build

__all__ = ["BuildResult", "build"]
