"""The mutation tool: its mutants, and that it compiles what dbt compiles."""

from __future__ import annotations

import pytest
from tools.grounds import CrowdGround
from tools.mutants import mutants
from tools.mutate import EXPLAINED, tasks
from tools.render import Renderer

from tests.properties.companies import ALL
from tests.properties.compiled import project_for, variables_for

SQL = """-- a + b, where 1 < 2
{# x >= 3 #}
{% if a = b %}
select sum(x) as total, cast(y as decimal(18,2)) as y, 'A' || z as z
from {{ ref('t') }} as t
inner join u on u.k = t.k
where t.n <= 30 and u.kind = 'paid'
"""


def test_a_mutant_changes_one_place_of_the_code() -> None:
    found = {(m.before.strip(), m.after.strip()) for m in mutants(SQL)}
    assert found == {
        ("sum(", "max("), ("inner join", "left join"), ("where", "where true or"), ("<=", "<"),
        ("30", "31"), ("and", "or"), ("=", "<>"), ("'paid'", "'mutant'"),
    }  # fmt: skip
    for mutant in mutants(SQL):
        assert len(mutant.applied(SQL)) == len(SQL) + len(mutant.after) - len(mutant.before)
    with pytest.raises(ValueError, match="the text has changed"):
        mutants(SQL)[0].applied(SQL[1:])


@pytest.mark.slow
def test_the_tool_compiles_what_dbt_compiles() -> None:
    renderer, project = Renderer(variables_for(ALL)), project_for(ALL)
    assert {n: renderer.before(n) for n in project.models} == {
        n: node.sql for n, node in project.models.items()
    }
    one = next(t for t in tasks(["tiers"]) if "= 'A'" in t.text)
    changed = renderer.changed(one.file, one.mutant)
    assert isinstance(changed, dict)
    assert "int_tiers__states" in changed
    assert {n: renderer.compiled(n) for n in changed} == {n: renderer.before(n) for n in changed}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "column", "value", "killer"),
    [
        ("pareto", "total_value", "cast(total_value + 1 as decimal(18,4))", "property curves_are"),
        ("int_forecasts__account_months", "is_intermittent", "not is_intermittent", "property"),
        ("accounts", "account_name", "cast(account_name as integer)", "it does not run"),
        ("accounts", "account_name", "trim(account_name)", ""),
    ],
)
def test_a_mutant_is_judged_by_what_a_property_reads(
    ground: CrowdGround, monkeypatch: pytest.MonkeyPatch,
    model: str, column: str, value: str, killer: str,
) -> None:  # fmt: skip
    """A part of a mart, and a model that is none: the ground asks as the properties do."""
    monkeypatch.setattr(ground, "failed_test", lambda changed: "")
    columns = [row[0] for row in ground.columns[model] if row[0] != "company"]
    assert column in columns
    listed = ", ".join(f"{value} as {name}" if name == column else name for name in columns)
    text = f"select {listed} from ({ground.project.models[model].sql}) as changed"
    verdict = ground.judge({model: text})
    assert verdict.killer.startswith(killer), verdict
    assert bool(verdict.killer) == bool(killer), verdict


@pytest.fixture(scope="module")
def ground() -> CrowdGround:
    found = CrowdGround(300, 2)
    assert found.noticed(set(found.models)) == ""
    return found


def test_every_explanation_is_of_a_mutant_that_exists() -> None:
    import yaml

    reasons = yaml.safe_load(EXPLAINED.read_text("utf-8")) or {}
    assert set(reasons) <= {task.key for task in tasks()}
    assert all(str(reason).strip() for reason in reasons.values())
