"""A company's own rules on relationships: what a row of them can mean."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from keyaccounts.errors import ConfigurationError

# The models hold the stages of so many days side by side (dbt_project/macros/relationships.sql).
LONGEST_STAGE_MEMORY = 6
SHARE = "top_contact_share"
# A column that tells relationship_rules.csv and contact_rules.csv from other files.
MARKS = {"window_days", "complete_contacts"}


def check_relationships(file: Path, line: int, row: dict[str, str]) -> None:
    """Check one row of relationship_rules.csv, contact_rules.csv or festival_windows.csv.

    Raises ConfigurationError with file, line and column: a number that is not whole and from 1 on,
    more month-ends than the models hold, a cell of one account that shows, a share that is none, a
    festival that ends before it begins. Rows of other files pass.
    """
    if "festival" in row and row["from_date"] > row["to_date"]:
        raise ConfigurationError(
            f"rules_dir: {file.name} line {line}: to_date must not lie before from_date"
        )
    if not MARKS & set(row):
        return
    for column in sorted(set(row) - {"valid_from", SHARE}):
        if not row[column].isdecimal() or int(row[column]) < 1:
            raise ConfigurationError(
                f"rules_dir: {file.name} line {line}, column {column}: {row[column]!r} must be a "
                "whole number from 1 on"
            )
    if int(row.get("lost_after_month_ends", 1)) > LONGEST_STAGE_MEMORY:
        raise ConfigurationError(
            f"rules_dir: {file.name} line {line}, column lost_after_month_ends: must be at most "
            f"{LONGEST_STAGE_MEMORY}"
        )
    if int(row.get("minimum_cell_accounts", 2)) < 2:
        raise ConfigurationError(
            f"rules_dir: {file.name} line {line}, column minimum_cell_accounts: must be at least "
            "2, so that no account shows alone"
        )
    if SHARE in row and not 0 < Decimal(row[SHARE]) <= 1:
        raise ConfigurationError(
            f"rules_dir: {file.name} line {line}: {SHARE} must be above 0 and at most 1"
        )
