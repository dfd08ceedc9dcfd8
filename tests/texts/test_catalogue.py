"""The catalogue is whole: both languages say the same, and nothing is asked for in vain."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment, nodes

from keyaccounts.errors import ConfigurationError
from keyaccounts.nightly import STEPS
from keyaccounts.quality.landing_suite import landing_suite
from keyaccounts.quality.marts_suite import Built, marts_suite
from keyaccounts.settings import PROJECT_ROOT, load_settings
from keyaccounts.texts import ENGLISH, LANGUAGES, read_catalogue, texts_in
from keyaccounts.texts.catalogue import FOLDER

from .sources import FACES, PACKAGE, TEMPLATES, uses

EN, ZH = read_catalogue("en"), read_catalogue("zh")
CJK = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
WORD = re.compile(r"[A-Za-z]{2,}")
EVERYTHING = Built(
    ("accounts",), (("accounts", "day"),), (("accounts", "text"),), ("crm_accounts",)
)
LATIN = {
    "CRM", "DSO", "NRR", "GRR", "BI", "DAG", "Airflow", "Keyaccounts", "keyaccounts", "notify",
    "release", "holds", "alerts", "list", "all", "explain", "ACCOUNT", "ID", "retention", "summary",
    "tier", "events", "data", "coverage", "dbt", "project", "marts", "yml", "Superset",
}  # fmt: skip
"""What Chinese readers read in Latin letters, and names of commands, marts and files."""
MARKUP = re.compile(r"\b(select|order by|from marts|where)\b|=\"")
"""SQL, and tags with attributes."""


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    assert list(EN.texts) == list(ZH.texts)


def test_no_key_stands_twice() -> None:
    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader: Strict, node: yaml.MappingNode) -> dict[Any, Any]:
        names = [loader.construct_object(key) for key, _ in node.value]
        assert len(names) == len(set(names)), sorted(n for n in names if names.count(n) > 1)
        return dict(loader.construct_pairs(node, deep=True))

    Strict.add_constructor("tag:yaml.org,2002:map", mapping)
    for language in LANGUAGES:
        yaml.load((FOLDER / f"{language}.yml").read_text("utf-8"), Strict)


def test_a_text_has_the_same_placeholders_in_both_languages() -> None:
    different = {
        key: (sorted(text.placeholders), sorted(ZH.texts[key].placeholders))
        for key, text in EN.texts.items()
        if key in ZH.texts and text.placeholders != ZH.texts[key].placeholders
    }
    assert different == {}


def test_a_text_that_counts_says_how_many_or_is_the_same_for_all() -> None:
    for key, text in EN.texts.items():
        assert text.one is None or "count" in text.placeholders, key
    assert {key for key, text in ZH.texts.items() if text.one is not None} == set()


def test_english_is_english_and_chinese_is_chinese() -> None:
    assert {key: t.other for key, t in EN.texts.items() if CJK.search(t.other)} == {}
    for key, text in ZH.texts.items():
        if key.startswith("plot.") and key in {"plot.month", "plot.number"}:
            continue  # what d3 and Vega read, no words
        said = re.sub(r"\{[^}]*\}", "", text.other)
        assert set(WORD.findall(said)) <= LATIN, key
        assert key == "format.minute" or ":" not in said, f"{key}: a Latin colon"
        assert text.other or key == "list.gap", key


def test_every_key_is_used_and_every_key_that_is_used_exists() -> None:
    found = uses()
    assert found.open == [], "a key that is put together cannot be looked up here"
    unknown = {key: places for key, places in found.keys.items() if key not in EN.texts}
    assert unknown == {}
    empty = {group: at for group, at in found.groups.items() if not EN.group(group)}
    assert empty == {}
    used = {key for key in EN.texts if key in found.keys or key.partition(".")[0] in found.groups}
    assert set(EN.texts) - used == set()


def test_no_template_says_anything_of_its_own() -> None:
    for file in TEMPLATES:
        source = file.read_text("utf-8")
        text = re.sub(r"(?s)\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", source)
        text = re.sub(r"(?si)<!doctype[^>]*>|<style.*?</style>|<code>.*?</code>", "", text)
        spoken = re.findall(r'(?:title|aria-label|alt|placeholder)="([^"]*)"', text)
        said = re.sub(r"(?s)<[^>]*>", " ", text) + " ".join(spoken)
        assert set(WORD.findall(said)) <= {"Airflow", "nbsp"}, file.name
        for constant in Environment().parse(source).find_all(nodes.Const):
            value = constant.value
            if isinstance(value, str):
                assert not re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", value), (file.name, value)


@pytest.mark.parametrize(
    "file", [file for file in FACES if file.parent.name != "plugins"], ids=lambda file: file.stem
)
def test_no_module_says_anything_of_its_own(file: Path) -> None:
    """Two words in a row outside docstrings, errors and SQL, in what a reader may be shown."""
    if (file.parent.name, file.stem) in ENGLISH_ON_PURPOSE:
        return
    tree = ast.parse(file.read_text("utf-8"))
    quiet: set[int] = set()
    for node in ast.walk(tree):
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_log = isinstance(node, ast.Call) and ast.unparse(node.func) in {"log", "log.info"}
        if is_docstring or is_log or isinstance(node, ast.Raise):
            quiet |= {id(child) for child in ast.walk(node)}
    found = [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in quiet
        if re.search(r"[A-Za-z]{2,},? [a-z]{2,}", node.value) and not MARKUP.search(node.value)
    ]
    assert found == []


ENGLISH_ON_PURPOSE = {
    # The command line, headers, statements of a database, names of statuses.
    ("alerts", "publication"), ("alerts", "ledger"), ("alerts", "schema"), ("alerts", "chats"),
    ("alerts", "writer_lock"), ("alerts", "channels"), ("alerts", "inbox"), ("alerts", "notify"),
    ("alerts", "delivery"), ("reports", "held"), ("reports", "inbox"), ("reports", "status"),
    ("pages", "app"), ("pages", "facts"),
}  # fmt: skip


def test_words_of_closed_lists_are_all_there() -> None:
    marts = yaml.safe_load((PROJECT_ROOT / "dbt_project" / "marts.yml").read_text("utf-8"))
    lists = {
        (mart["name"], column["name"]): column["values"]
        for mart in marts["marts"]
        for column in mart["columns"]
        if column.get("values")
    }
    types = {one["name"] for one in marts["alert_types"]}
    assert set(EN.group("title")) == set(EN.group("alert_type")) == types
    for group, mart, column in [
        ("value", "account_tiers", "tier"), ("cause", "tier_events", "cause"),
        ("cause_name", "tier_events", "cause"), ("event", "tier_events", "event_type"),
        ("severity", "account_alerts", "severity"),
        ("state", "customer_lifecycle", "lifecycle_state"),
        ("credit_state", "credit_exposure", "credit_status"),
        ("value", "credit_exposure", "credit_status"), ("value", "concentration", "measure"),
        ("driver", "tier_drop_drivers", "driver"), ("driver_name", "tier_drop_drivers", "driver"),
    ]:  # fmt: skip
        assert set(lists[mart, column]) <= set(EN.group(group)), (group, mart, column)
    assert set(EN.group("run_step")) == set(STEPS)


def test_claims_of_checks_are_those_of_the_suites() -> None:
    suites = (landing_suite("select 1", ""), marts_suite(EVERYTHING, {"accounts": 1}, ""))
    claims = {e.name: e.claim for suite in suites for e in suite.expectations}
    assert EN.group("check") == claims


def test_a_text_is_filled_in() -> None:
    chinese = texts_in("zh")
    assert ENGLISH("candidate.brought", count=1) == "brought 1 account"
    assert ENGLISH("candidate.brought", count=2) == "brought 2 accounts"
    assert chinese("candidate.brought", count=1) == "带来1个客户"
    assert ENGLISH.word("value", "at_risk") == "at risk"
    assert ENGLISH.word("value", "of_their_own") == "of their own"
    assert chinese.words("candidate_reason", "influence|volume") == "影响力、采购量"
    with pytest.raises(KeyError):
        ENGLISH("block.no_such_text")
    with pytest.raises(KeyError):
        ENGLISH("block.pays_late")


def test_the_setting_is_checked() -> None:
    assert load_settings(environ={}).language == "en"
    assert load_settings(environ={"KEYACCOUNTS_LANGUAGE": "zh"}).language == "zh"
    with pytest.raises(ConfigurationError, match="language 'de' is not one of en, zh"):
        load_settings(environ={}, language="de")


def test_the_catalogue_comes_with_the_package() -> None:
    assert {file.stem for file in (PACKAGE / "texts").glob("*.yml")} == set(LANGUAGES)
    import tomllib

    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text("utf-8"))
    globs = project["tool"]["setuptools"]["package-data"]["keyaccounts"]
    packed = {file for glob in globs for file in PACKAGE.glob(glob)}
    assert {*TEMPLATES, *(PACKAGE / "texts").glob("*.yml")} <= packed
