"""A company's own dated rules: checked before they are laid over the project's."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from keyaccounts.errors import ConfigurationError
from keyaccounts.warehouse.relationship_rules import check_relationships

BEGINNING = date(1900, 1, 1)
WORDS = {"channel", "tier", "basis", "bucket", "rule", "method", "kind", "product_level",
         "festival", "source", "stated", "outcome_reason", "service_purpose"}  # fmt: skip
FLAGS = {"is_dealer", "is_subscription_like", "is_cash", "is_automatic", "is_digital"}
DATES = {"valid_from", "from_date", "to_date"}
# The models hold so many months of sales side by side (dbt_project/macros/collections.sql).
LONGEST_LOOKBACK_MONTHS = 12
LOOKBACKS = {"period_months", "simple_lookback_months", "countback_lookback_months"}
# Of candidate_config.csv.
CANDIDATE_MONTHS = {
    "influence_months", "follower_months", "launch_months", "wallet_months", "conversion_months"
}  # fmt: skip
CANDIDATE_SCORES = {"minimum_influence_score", "minimum_growth_score"}
CANDIDATE_WEIGHTS = ("influence_weight", "volume_weight", "prospect_weight")
KINDS = {"visit", "call", "case", "order", "return"}
"""What may have a rate in cost_to_serve_rates.csv."""
# Of concentration_config.csv, each in rising order.
CONCENTRATION_LIMITS = (
    ("noticeable_top1_share", "high_top1_share", "critical_top1_share"),
    ("moderate_hhi", "high_hhi"),
)
PRODUCT_LEVELS = {"family", "category"}
"""What purchase types may be told apart by."""


def check_rules(file: Path, seeds: Path) -> None:
    """Check one rule file against the project's seed of the same name.

    Raises ConfigurationError with file, line and column: an unknown file, another header, no row,
    a value that does not parse, rules that begin later than 1900-01-01, limits out of order, a
    cost of capital that is no fraction, a lookback that is no whole number of months from 1 to 12,
    shares, scores, months or weights of candidates or limits of the lifecycle that cannot be meant,
    a level of products that does not exist, days or months of purchases that are no whole number
    from 1 on, limits of concentration out of order or a fixed cost that is not above 0, rules on
    relationships that cannot be meant, a rule of alert_rules.csv that is missing or that nobody
    knows. A seed that is empty in the project is optional: it may stay empty and begin on any day.
    """
    seed = seeds / file.name
    if not seed.is_file():
        known = ", ".join(sorted(path.name for path in seeds.glob("*.csv")))
        raise ConfigurationError(f"rules_dir: {file.name} is no rule file; known: {known}")
    header, *own = _rows(seed)
    rows = _rows(file)
    if not rows or rows[0] != header:
        raise ConfigurationError(f"rules_dir: {file.name} must begin with {','.join(header)}")
    if len(rows) == 1 and own:
        raise ConfigurationError(f"rules_dir: {file.name} has a header and no row")
    for line, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise ConfigurationError(
                f"rules_dir: {file.name} line {line} has {len(row)} fields, not {len(header)}"
            )
        for column, value in zip(header, row, strict=True):
            if not _parses(column, value):
                raise ConfigurationError(
                    f"rules_dir: {file.name} line {line}, column {column}: {value!r} does not parse"
                )
        _check_thresholds(file, line, dict(zip(header, row, strict=True)))
        _check_lookbacks(file, line, dict(zip(header, row, strict=True)))
        _check_candidates(file, line, dict(zip(header, row, strict=True)))
        _check_lifecycle(file, line, dict(zip(header, row, strict=True)))
        _check_rate(file, line, dict(zip(header, row, strict=True)))
        _check_purchases(file, line, dict(zip(header, row, strict=True)))
        _check_concentration(file, line, dict(zip(header, row, strict=True)))
        check_relationships(file, line, dict(zip(header, row, strict=True)))
    if "rule" in header:
        _check_names(file, *({row[header.index("rule")] for row in r} for r in (own, rows[1:])))
    if "valid_from" in header and own:
        first = min(date.fromisoformat(row[header.index("valid_from")]) for row in rows[1:])
        if first > BEGINNING:
            raise ConfigurationError(
                f"rules_dir: {file.name} begins at {first}; its first row must be valid from "
                f"{BEGINNING}, so that every day has rules"
            )


def _rows(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return [row for row in csv.reader(text) if row]


def _parses(column: str, value: str) -> bool:
    if column in WORDS:
        return value != ""
    if column in FLAGS:
        return value in {"true", "false"}
    try:
        if column in DATES:
            date.fromisoformat(value)
        else:
            return Decimal(value).is_finite()
    except (ValueError, InvalidOperation):
        return False
    return True


def _check_thresholds(file: Path, line: int, row: dict[str, str]) -> None:
    if "threshold_a" in row and not (
        0 < Decimal(row["threshold_a"]) < Decimal(row["threshold_b"]) <= 1
    ):
        raise ConfigurationError(
            f"rules_dir: {file.name} line {line}: threshold_a must lie below threshold_b, both "
            "between 0 and 1"
        )
    if "cost_of_capital" in row and not 0 <= Decimal(row["cost_of_capital"]) < 1:
        raise ConfigurationError(
            f"rules_dir: {file.name} line {line}: cost_of_capital is a fraction, 0.10 for 10 %"
        )
    # Lifetime is one over the churn, so a floor of 0 may make it endless.
    if "churn_floor" in row and not 0 < Decimal(row["churn_floor"]) <= 1:
        raise ConfigurationError(
            f"rules_dir: {file.name} line {line}: churn_floor must be above 0 and at most 1"
        )
    if "growth_floor" in row and not Decimal(row["growth_floor"]) <= Decimal(row["growth_cap"]):
        raise ConfigurationError(
            f"rules_dir: {file.name} line {line}: growth_floor must not be above growth_cap"
        )


def _check_lookbacks(file: Path, line: int, row: dict[str, str]) -> None:
    allowed = {str(months) for months in range(1, LONGEST_LOOKBACK_MONTHS + 1)}
    for column in sorted(LOOKBACKS & set(row)):
        if row[column] not in allowed:
            raise ConfigurationError(
                f"rules_dir: {file.name} line {line}, column {column}: {row[column]!r} must be a "
                f"whole number of months from 1 to {LONGEST_LOOKBACK_MONTHS}"
            )


def _check_candidates(file: Path, line: int, row: dict[str, str]) -> None:
    if "innovator_share" not in row:
        return
    for column in sorted(CANDIDATE_MONTHS):
        if not row[column].isdecimal() or int(row[column]) < 1:
            raise ConfigurationError(
                f"rules_dir: {file.name} line {line}, column {column}: {row[column]!r} must be a "
                "whole number of months from 1 on"
            )
    for column in sorted(CANDIDATE_SCORES):
        if row[column] not in set("012345"):
            raise ConfigurationError(
                f"rules_dir: {file.name} line {line}, column {column}: {row[column]!r} must be a "
                "whole number from 0 to 5"
            )
    if not 0 < Decimal(row["innovator_share"]) < Decimal(row["early_adopter_share"]) <= 1:
        raise ConfigurationError(
            f"rules_dir: {file.name} line {line}: innovator_share must lie below "
            "early_adopter_share, both between 0 and 1"
        )
    if not (Decimal(row["minimum_ramp_ratio"]) > 1 and Decimal(row["referred_profit_share"]) > 0
            and Decimal(row["exclusive_wallet_share"]) > 0):  # fmt: skip
        raise ConfigurationError(
            f"rules_dir: {file.name} line {line}: minimum_ramp_ratio must be above 1, "
            "referred_profit_share and exclusive_wallet_share above 0"
        )
    weights = [Decimal(row[column]) for column in CANDIDATE_WEIGHTS]
    if min(weights) < 0 or sum(weights) != 1:
        raise ConfigurationError(
            f"rules_dir: {file.name} line {line}: {', '.join(CANDIDATE_WEIGHTS)} must not be below "
            "0 and make 1 together"
        )


def _check_lifecycle(file: Path, line: int, row: dict[str, str]) -> None:
    if "own_gaps" not in row:
        return
    for column in sorted(set(row) - {"valid_from", "churned_multiple"}):
        if not row[column].isdecimal() or int(row[column]) < 1:
            raise ConfigurationError(
                f"rules_dir: {file.name} line {line}, column {column}: {row[column]!r} must be a "
                "whole number from 1 on"
            )
    limits = [
        int(row[f"{state}_{bound}_days"])
        for bound in ("from", "to") for state in ("at_risk", "churned")
    ]  # fmt: skip
    if not (limits[0] <= limits[1] <= limits[3] and limits[0] <= limits[2] <= limits[3]):
        raise ConfigurationError(
            f"rules_dir: {file.name} line {line}: each from_days must not be above its to_days, "
            "and the bounds of at_risk not above those of churned"
        )
    if Decimal(row["churned_multiple"]) < 1 or Decimal(row["churned_multiple"]) % Decimal("0.1"):
        raise ConfigurationError(
            f"rules_dir: {file.name} line {line}: churned_multiple must be at least 1 and have at "
            "most one decimal"
        )


def _check_rate(file: Path, line: int, row: dict[str, str]) -> None:
    if "kind" not in row:
        return
    if row["kind"] not in KINDS:
        raise ConfigurationError(
            f"rules_dir: {file.name} line {line}, column kind: {row['kind']!r} is none of "
            f"{', '.join(sorted(KINDS))}"
        )
    if Decimal(row["amount"]) < 0:
        raise ConfigurationError(
            f"rules_dir: {file.name} line {line}, column amount: a rate is not below 0"
        )


def _check_purchases(file: Path, line: int, row: dict[str, str]) -> None:
    if "product_level" not in row:
        return
    if row["product_level"] not in PRODUCT_LEVELS:
        raise ConfigurationError(
            f"rules_dir: {file.name} line {line}, column product_level: {row['product_level']!r} "
            f"is none of {', '.join(sorted(PRODUCT_LEVELS))}"
        )
    for column, what in (("won_back_gap_days", "days"), ("opportunity_months", "months")):
        if not row[column].isdecimal() or int(row[column]) < 1:
            raise ConfigurationError(
                f"rules_dir: {file.name} line {line}, column {column}: {row[column]!r} must be a "
                f"whole number of {what} from 1 on"
            )


def _check_names(file: Path, own: set[str], found: set[str]) -> None:
    for what, names in (("lacks", own - found), ("has the unknown", found - own)):
        if names:
            raise ConfigurationError(
                f"rules_dir: {file.name} {what} rule {', '.join(sorted(names))}"
            )


def _check_concentration(file: Path, line: int, row: dict[str, str]) -> None:
    for limits in CONCENTRATION_LIMITS:
        if limits[0] not in row:
            continue
        values = [Decimal(row[limit]) for limit in limits]
        is_rising = values == sorted(set(values))
        if not is_rising or values[0] <= 0 or values[-1] > 1:
            raise ConfigurationError(
                f"rules_dir: {file.name} line {line}: {', '.join(limits)} must rise, "
                "between 0 and 1"
            )
    for column in ("monthly_amount", "minimum_alert_units"):
        if column in row and Decimal(row[column]) <= 0:
            raise ConfigurationError(
                f"rules_dir: {file.name} line {line}: {column} must be above 0"
            )
