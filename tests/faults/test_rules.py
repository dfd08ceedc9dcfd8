"""Own rules that break the build, and the night after they were repaired."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyaccounts import nightly
from keyaccounts.errors import CheckFailedError, ConfigurationError
from keyaccounts.warehouse.relationship_rules import LONGEST_STAGE_MEMORY
from keyaccounts.warehouse.rules import LONGEST_LOOKBACK_MONTHS, check_rules
from tests.conftest import run_at, settings_for, silent
from tests.faults.small import DAY

DBT = Path(__file__).parents[2] / "dbt_project"
SEED = DBT / "seeds/tier_config.csv"


def test_repaired_rules_are_read_by_the_next_build(source: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    header, row = SEED.read_text("utf-8").splitlines()
    (rules / SEED.name).write_text(f"{header}\n{row}\n{row}\n")
    settings = settings_for(tmp_path / "home", source, rules_dir=str(rules))
    for entity in nightly.planned_entities(settings):
        nightly.extract(settings, run_at(DAY), entity, silent)
    with pytest.raises(CheckFailedError):
        nightly.build(settings, run_at(DAY), silent)
    (rules / SEED.name).write_text(f"{header}\n{row}\n")
    assert nightly.build(settings, run_at(DAY), silent)["tests"]["passed"] > 0


def test_a_file_that_is_no_rule_is_refused(source: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "tier_confg.csv").write_text("valid_from\n")
    settings = settings_for(tmp_path / "home", source, rules_dir=str(rules))
    for entity in nightly.planned_entities(settings):
        nightly.extract(settings, run_at(DAY), entity, silent)
    with pytest.raises(ConfigurationError, match=r"tier_confg\.csv is no rule file; known: "):
        nightly.build(settings, run_at(DAY), silent)


@pytest.mark.parametrize("months", ["0", "13", "2.5", "-1"])
def test_a_lookback_that_the_models_do_not_hold_is_refused(tmp_path: Path, months: str) -> None:
    file = tmp_path / "collection_rules.csv"
    header, row = (SEED.parent / file.name).read_text("utf-8").splitlines()
    file.write_text(f"{header}\n{row}\n2026-01-01,1,12,{months}\n")
    with pytest.raises(ConfigurationError, match=r"line 3, column countback_lookback_months"):
        check_rules(file, SEED.parent)
    file.write_text(f"{header}\n{row}\n2026-01-01,12,1,{LONGEST_LOOKBACK_MONTHS}\n")
    check_rules(file, SEED.parent)


def test_the_models_hold_the_longest_lookback() -> None:
    macro = (DBT / "macros/collections.sql").read_text("utf-8")
    assert f"longest_lookback_months() %}}{{{{ return({LONGEST_LOOKBACK_MONTHS}) }}}}" in macro


@pytest.mark.parametrize(
    ("name", "column", "value", "said"),
    [
        ("relationship_rules", "lost_after_month_ends", "7", "must be at most 6"),
        ("relationship_rules", "minimum_cell_accounts", "1", "must be at least 2"),
        ("relationship_rules", "window_days", "0", "a whole number from 1 on"),
        ("relationship_rules", "joint_months", "1.5", "a whole number from 1 on"),
        ("relationship_rules", "top_contact_share", "0", "above 0 and at most 1"),
        ("relationship_rules", "top_contact_share", "1.01", "above 0 and at most 1"),
        ("contact_rules", "minimum_supporters", "-2", "a whole number from 1 on"),
        ("festival_windows", "to_date", "2022-01-17", "must not lie before from_date"),
        ("festival_windows", "from_date", "spring", "does not parse"),
        ("automatic_channels", "is_automatic", "often", "does not parse"),
        ("digital_channels", "is_digital", "often", "does not parse"),
    ],
)
def test_rules_on_relationships_that_cannot_be_meant_are_refused(
    tmp_path: Path, name: str, column: str, value: str, said: str
) -> None:
    seed = DBT / f"seeds/{name}.csv"
    header, row, *_ = (line.split(",") for line in seed.read_text("utf-8").splitlines())
    file = tmp_path / seed.name
    changed = {**dict(zip(header, row, strict=True)), column: value}
    file.write_text(f"{','.join(header)}\n{','.join(row)}\n")
    check_rules(file, DBT / "seeds")
    file.write_text(f"{','.join(header)}\n{','.join(changed.values())}\n")
    with pytest.raises(ConfigurationError, match=f"{name}.* line 2.*{said}"):
        check_rules(file, DBT / "seeds")


def test_the_models_hold_the_longest_stage_memory() -> None:
    macros = (DBT / "macros/relationships.sql").read_text("utf-8")
    assert f"longest_stage_memory() %}}{{{{ return({LONGEST_STAGE_MEMORY}) }}}}" in macros
