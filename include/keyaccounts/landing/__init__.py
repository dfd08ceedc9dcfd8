"""The landing: immutable Parquet loads of what the sources said."""

from keyaccounts.landing.loads import Load, all_loads, latest_rows, loads_in_play
from keyaccounts.landing.write import land

__all__ = ["Load", "all_loads", "land", "latest_rows", "loads_in_play"]
