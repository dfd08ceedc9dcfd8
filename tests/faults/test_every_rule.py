"""Each rule of the source contract is broken by its smallest bad row, and by that row only."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml

from keyaccounts.contract import CONTRACT_FILE, Entity, load_contract
from keyaccounts.errors import SourceRefusedError
from keyaccounts.landing import land
from keyaccounts.landing.loads import Load, all_loads
from keyaccounts.landing.resolve import DATED_MONEY, resolve
from keyaccounts.landing.rules import NATIVE, rules_of
from keyaccounts.settings import Settings
from tests.conftest import run_at, settings_for
from tests.dbt.bad_rows.walk import BadRow, problems
from tests.faults.bad_values import (
    FREE,
    Row,
    bad_values,
    good_row,
    last_good_values,
    named,
    write_csv,
    write_parquet,
)
from tests.faults.small import DAY

CONTRACT = load_contract()
KNOWN_WORDS = {"type", "key", "required", "default", "min", "max", "above", "in", "ref"}


def settings_of(folder: Path) -> Settings:
    (folder / "source").mkdir(exist_ok=True)
    return settings_for(folder / "home", folder / "source", max_quarantine_share=1.0)


def test_the_contract_says_nothing_that_nobody_reads() -> None:
    """A mistyped word would be a rule that no code knows."""
    contract = yaml.safe_load(CONTRACT_FILE.read_text("utf-8"))
    words = {word for columns in contract.values() for rule in columns.values() for word in rule}
    assert words <= KNOWN_WORDS


@pytest.mark.parametrize("is_text", [True, False], ids=["csv", "parquet"])
@pytest.mark.parametrize("entity", CONTRACT.values(), ids=CONTRACT)
def test_each_rule_on_a_value_is_broken_by_its_row_alone(
    tmp_path: Path, entity: Entity, is_text: bool
) -> None:
    bad = list(bad_values(entity, is_text=is_text))
    faults = [b.more | {b.column: b.value} for b in bad]
    changes = [{}, *faults, *last_good_values(entity)]
    rows = [good_row(entity, number) | change for number, change in enumerate(changes)]
    (write_csv if is_text else write_parquet)(tmp_path / "source", entity, rows)
    land(settings_of(tmp_path), run_at(DAY), entity.name)
    broken = _broken(all_loads(settings_of(tmp_path), entity.name)[-1])

    types = {c.name: "VARCHAR" if is_text else _native(c.type) for c in entity.columns}
    checks = {named(entity.name, r.column, r.claim, r.holds_back) for r in rules_of(entity, types)}
    # Row 1 is a good one.
    walked = [
        BadRow(f"{number} {b.column} {b.value!r}", frozenset({b.check(entity.name)}), ())
        for number, b in enumerate(bad, 2)
    ]
    assert problems(checks, walked, lambda r: broken.get(int(r.name.split()[0]), set())) == []
    assert set(broken) == set(range(2, len(bad) + 2)), "a row without a fault was judged"


def _native(kind: str) -> str:
    return "VARCHAR" if kind == "text" else min(NATIVE[kind])


def _broken(load: Load) -> dict[int, set[str]]:
    """Return the rules that each row (counted from 1) broke, and what became of the row."""
    con = duckdb.connect()
    landed = con.sql(f"select * from read_parquet('{load.rows_file}')")
    found = con.execute(
        f"select source_row, column_name, rule from read_parquet('{load.quarantine_file}')"
    ).fetchall()
    rules: dict[int, set[str]] = {}
    for row, column, rule in found:
        kept = landed.filter(f"_row = {row}").select(f"{column} is null").fetchall()
        if kept and kept != [(True,)]:
            rule += ", BUT THE VALUE LANDED"
        rules.setdefault(row, set()).add(named(load.entity, column, rule, not kept))
    con.close()
    return rules


@pytest.mark.parametrize("entity", CONTRACT.values(), ids=CONTRACT)
def test_a_file_without_a_required_column_is_refused(tmp_path: Path, entity: Entity) -> None:
    settings = settings_of(tmp_path)
    for missing in (c.name for c in entity.columns if c.is_required):
        kept = Entity(entity.name, tuple(c for c in entity.columns if c.name != missing))
        row = {name: value for name, value in good_row(entity).items() if name != missing}
        write_csv(tmp_path / "source", kept, [row])
        with pytest.raises(SourceRefusedError, match=f"required column {missing} is missing"):
            land(settings, run_at(DAY), entity.name)
    assert all_loads(settings, entity.name) == []


def test_each_rule_between_rows_is_broken_by_its_rows_alone(tmp_path: Path) -> None:
    rows: dict[str, list[Row]] = {name: [good_row(e)] for name, e in CONTRACT.items()}
    contacts = CONTRACT["crm_contacts"]
    rows["crm_contacts"] += [good_row(contacts, number + FREE) for number in range(1, 6)]
    walked: dict[str, BadRow] = {}
    for name, entity in CONTRACT.items():
        _add_twice(entity, rows[name], walked)
        _add_orphans(entity, rows[name], walked)
        if name in DATED_MONEY:
            _add_without_rate(entity, rows[name], walked)
    _add_followers(rows, walked)
    settings = settings_of(tmp_path)
    for name, entity in CONTRACT.items():
        write_csv(tmp_path / "source", entity, rows[name])
        land(settings, run_at(DAY), name)
    broken = _judged(settings)
    assert (
        problems(_rules_between_rows(), walked.values(), lambda r: broken.get(r.name, set())) == []
    )
    assert broken.keys() == walked.keys(), "a row without a fault was judged"


def _rules_between_rows() -> set[str]:
    references = {
        named(e.name, c.name, f"is not in {c.references}", c.is_required)
        for e in CONTRACT.values()
        for c in e.columns
        if c.references
    }
    twice = {f"{name} stands twice: held back" for name in CONTRACT}
    rates = {f"{name} without a rate: held back" for name in DATED_MONEY}
    return references | twice | rates | {"follows its document: held back, not counted"}


def _place(entity: Entity, row: Row) -> str:
    return f"{entity.name} {'|'.join(row[key] for key in entity.keys)}"


def _add(walked: dict[str, BadRow], place: str, check: str) -> None:
    walked[place] = BadRow(place, frozenset({check}), ())


def _add_twice(entity: Entity, rows: list[Row], walked: dict[str, BadRow]) -> None:
    """Two rows with one key; they differ in the last column of their own."""
    row = good_row(entity, 1)
    other = next(c for c in reversed(entity.columns) if not c.is_key and c.name != "updated_at")
    rows += [row, row | {other.name: "true" if other.type == "boolean" else "2"}]
    _add(walked, _place(entity, row), f"{entity.name} stands twice: held back")


def _add_orphans(entity: Entity, rows: list[Row], walked: dict[str, BadRow]) -> None:
    for number, column in enumerate((c for c in entity.columns if c.references), 2):
        row = good_row(entity, number) | {column.name: "nobody"}
        rows.append(row)
        claim = f"is not in {column.references}"
        _add(
            walked, _place(entity, row), named(entity.name, column.name, claim, column.is_required)
        )


def _add_without_rate(entity: Entity, rows: list[Row], walked: dict[str, BadRow]) -> None:
    row = good_row(entity, 50) | {"currency_code": "XXX"}
    rows.append(row)
    _add(walked, _place(entity, row), f"{entity.name} without a rate: held back")


def _add_followers(rows: dict[str, list[Row]], walked: dict[str, BadRow]) -> None:
    """A line of an invoice that is held back by its value, and one of an invoice that is twice."""
    invoices, lines = CONTRACT["erp_invoices"], CONTRACT["erp_invoice_lines"]
    bad = good_row(invoices, 60) | {"gross_amount": ""}
    rows["erp_invoices"].append(bad)
    for number, invoice in ((60, bad), (61, good_row(invoices, 1))):
        line = good_row(lines, number) | {"invoice_id": invoice["invoice_id"]}
        rows["erp_invoice_lines"].append(line)
        _add(walked, _place(lines, line), "follows its document: held back, not counted")


def _judged(settings: Settings) -> dict[str, set[str]]:
    """Return the rules between rows that each row broke, by entity and key."""
    resolution = resolve(settings)
    con = duckdb.connect()
    rejected = con.execute(
        "select entity, row_key, column_name, rule, is_follower "
        f"from read_parquet('{resolution.folder}/rejected.parquet')"
    ).fetchall()
    broken: dict[str, set[str]] = {}
    for entity, key, column, rule, is_follower in rejected:
        check = named(entity, column, rule, True)
        if is_follower:
            check = "follows its document: held back, not counted"
        elif "twice" in rule:
            check = f"{entity} stands twice: held back"
        elif rule.startswith("missing_rate"):
            check = f"{entity} without a rate: held back"
        broken.setdefault(f"{entity} {key}", set()).add(check)
    nulled = con.execute(
        "select entity, _load, _row, column_name "
        f"from read_parquet('{resolution.folder}/nulled.parquet')"
    ).fetchall()
    for name, load, row, column in nulled:
        entity = CONTRACT[name]
        rows_file = all_loads(settings, name)[load - 1].rows_file
        keys = con.execute(
            f"select {', '.join(entity.keys)} from read_parquet('{rows_file}') where _row = {row}"
        ).fetchall()[0]
        claim = f"is not in {entity.column(column).references}"
        place = f"{name} {'|'.join(str(key) for key in keys)}"
        broken.setdefault(place, set()).add(named(name, column, claim, False))
    con.close()
    return broken
