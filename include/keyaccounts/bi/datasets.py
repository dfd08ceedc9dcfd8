"""Datasets in Superset's import format: SQL over one mart, columns as `marts.yml` tells them."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import quote

import yaml

from keyaccounts.bi.definition import Dataset, stable_id
from keyaccounts.bi.labels import currency_format, format_of, label_of
from keyaccounts.settings import PROJECT_ROOT

TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
ACCOUNT_360 = "account-360"
ACCOUNT_FILTER = "NATIVE_FILTER-account"
LABEL = "a.account_name || ' (' || a.account_id || ')'"
RECENT = 18
"""Months that a chart over time shows until somebody asks for others; each has room for a name."""
ASKED_FOR = "{{% if from_dttm or to_dttm %}}true{{% else %}}{}{{% endif %}}"
LAST_MONTH_END = {"month_end": None, "effective_date": "account_tiers"}
"""Days that tell the last complete month, and the mart that knows it (None: the mart itself)."""
JOINED = {
    "account_label": (LABEL, "Name and ID of the account"),
    "account_channel": ("a.channel", "Channel of the account as of D"),
    "account_region": ("a.region", "Region of the account as of D"),
    "account_owner": (
        "a.owner_name || ' (' || a.owner_user_id || ')'",
        "Account manager as of D",
    ),
    "account_owner_user_id": ("a.owner_user_id", "User ID of the account manager as of D"),
    "account_tier": (
        "a.tier",
        "Official tier of the unit of the account at the last month-end",
    ),
}

WITHOUT_ACCOUNT = {"account_region": "unknown", "account_owner": "nobody", "account_tier": "none"}


@cache
def marts() -> dict[str, dict[str, Any]]:
    """Return the contract of the marts by name."""
    text = (PROJECT_ROOT / "dbt_project" / "marts.yml").read_text("utf-8")
    return {mart["name"]: mart for mart in yaml.safe_load(text)["marts"]}


def group_of(dataset: Dataset) -> str:
    """Return the group whose database holds the mart; `bi` is the common one."""
    audience = marts()[dataset.mart]["audience"]
    return "bi" if "bi" in audience else str(audience[0])


def types_of(dataset: Dataset) -> dict[str, str]:
    """Return all columns of the dataset with their types in the words of `marts.yml`."""
    found = {column["name"]: column["type"] for column in _mart_columns(dataset)}
    found |= {name: entry["type"] for name, entry in dataset.adds.items()}
    if _period(dataset):
        found |= {"period": "text", "is_recent": "boolean"}
    if dataset.time in LAST_MONTH_END:
        found["is_last_month_end"] = "boolean"
    if dataset.account_key:
        found |= dict.fromkeys(["account", *JOINED], "text")
    return found


def sql_of(dataset: Dataset, currency: str, *, is_template: bool = False) -> str:
    """Return the query of the dataset; as a template its recent months are those asked for."""
    columns = [f"m.{name}" for name in dataset.only] or [_all_columns(dataset)]
    columns += [f"m.{name}" for name in dataset.adds if dataset.only]
    if period := _period(dataset):
        newest = f"(select max(z.{dataset.time}) from marts.{dataset.mart} as z)"
        columns.append(f"{period} as period")
        recent = f"m.{dataset.time} > {newest} - interval '{RECENT}' month"
        columns.append(f"{ASKED_FOR.format(recent) if is_template else recent} as is_recent")
    if dataset.time in LAST_MONTH_END:
        mart = LAST_MONTH_END[dataset.time] or dataset.mart
        last = f"(select max(z.month_end) from marts.{mart} as z)"
        columns.append(f"m.{dataset.time} = {last} as is_last_month_end")
    source = f"marts.{dataset.mart} as m"
    if dataset.query:
        source = f"({dataset.query.strip().replace('{currency}', currency)}) as m"
    lines = [f"from {source}"]
    if dataset.account_key:
        columns += [f"{_joined(name)} as {name}" for name in ("account", *JOINED)]
        lines.append(f"left join ({_accounts()}) as b on b.account_key = m.{dataset.account_key}")
    if dataset.where:
        lines.append(f"where {dataset.where}")
    return "\n".join(["select", "    " + ",\n    ".join(columns), *lines])


def _joined(name: str) -> str:
    """Return SQL for what is added; a row that leads to no account says so as an account would."""
    word = WITHOUT_ACCOUNT.get(name)
    return f"coalesce(b.{name}, '{word}')" if word else f"b.{name}"


def _accounts() -> str:
    """Return SQL for what is added of each account, made once for it and not for each row."""
    made = [f"{expression} as {name}" for name, (expression, _) in JOINED.items()]
    columns = ["a.account_id as account_key", f"{_link()} as account", *made]
    return "\n    select " + ",\n        ".join(columns) + "\n    from marts.accounts as a\n"


def dataset_file(dataset: Dataset, currency: str) -> dict[str, Any]:
    """Return the dataset in Superset's import format."""
    meanings = {column["name"]: column["meaning"] for column in _mart_columns(dataset)}
    meanings |= {name: entry["meaning"] for name, entry in dataset.adds.items()}
    meanings |= {name: meaning for name, (_, meaning) in JOINED.items()}
    meanings["account"] = "Name of the account, a link to the page Account 360"
    meanings["period"] = "Month; one that is not complete says up to which day it goes"
    meanings["is_recent"] = f"Of the last {RECENT} months of the mart"
    meanings["is_last_month_end"] = "The row describes the last complete month"
    group = group_of(dataset)
    return {
        # Never the name of a mart: row-level security of a dataset also meets tables of its name.
        "table_name": f"{group}_{dataset.name}",
        "main_dttm_col": dataset.time,
        "description": marts()[dataset.mart]["description"],
        "schema": "marts",
        "sql": sql_of(dataset, currency, is_template=True),
        "filter_select_enabled": True,
        "is_managed_externally": True,
        "uuid": stable_id("dataset", dataset.name),
        "database_uuid": stable_id("database", group),
        "version": "1.0.0",
        "columns": [
            {
                "column_name": name,
                "verbose_name": label_of(name, currency),
                "description": meanings[name],
                "type": TYPES.get(type_, "DECIMAL(18,6)"),
                "is_dttm": type_ in {"date", "timestamp"},
                "groupby": True,
                "filterable": True,
                "is_active": True,
            }
            for name, type_ in types_of(dataset).items()
        ],
        "metrics": [
            {
                "metric_name": name,
                "verbose_name": label_of(name, currency),
                "expression": expression,
                "d3format": _format(name),
                "currency": currency_format(name, currency),
            }
            for name, expression in dataset.metrics.items()
        ],
    }


def _mart_columns(dataset: Dataset) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = marts()[dataset.mart]["columns"]
    return [c for c in found if not dataset.only or c["name"] in dataset.only]


def _all_columns(dataset: Dataset) -> str:
    """Return `m.*`; lists of words are written as people write them."""
    lists = [column["name"] for column in _mart_columns(dataset) if "elements" in column]
    made = [f"replace(replace(m.{name}, '_', ' '), '|', ', ') as {name}" for name in lists]
    return f"m.* replace ({', '.join(made)})" if made else "m.*"


def _format(metric: str) -> str | None:
    """Return the D3 format of a metric: money to the unit, days without decimals."""
    found = format_of(metric)
    return found.exact if found.has_currency else found.short


def _period(dataset: Dataset) -> str | None:
    """Return SQL for the month of a row; an incomplete one ends with the day it goes to."""
    if dataset.time is None or dataset.time == "cohort_month":
        return None
    columns = {column["name"] for column in marts()[dataset.mart]["columns"]}
    month = f"strftime(m.{dataset.time}, '%Y-%m')"
    if dataset.time == "month_end":
        return month
    if "is_month_end" in columns:
        running, day = "not m.is_month_end", f"m.{dataset.time}"
    elif "as_of_date" in columns:
        same = f"date_trunc('month', m.{dataset.time}) = date_trunc('month', m.as_of_date)"
        running, day = f"{same} and m.as_of_date <> last_day(m.as_of_date)", "m.as_of_date"
    else:
        return month
    return f"{month} || case when {running} then strftime({day}, ' (to %d)') else '' end"


def chosen_parts() -> list[str]:
    """Return the parts of `native_filters` around the label of an account that is chosen.

    It is Rison, as Superset's own pages write it into their addresses, and quoted for one.
    """
    mark = "\x00"
    rison = (
        f"({ACCOUNT_FILTER}:(extraFormData:(filters:!((col:account_label,op:IN,val:!('{mark}')))),"
        f"filterState:(label:'{mark}',value:!('{mark}')),id:{ACCOUNT_FILTER},ownState:()))"
    )
    return [quote(part, safe="()!:,") for part in rison.split(mark)]


def _link() -> str:
    """Return SQL for the name as a link to Account 360 with the account chosen."""
    quoted = f"replace(replace({LABEL}, '!', '!!'), '''', '!''')"
    start = f'<a href="/superset/dashboard/{ACCOUNT_360}/?native_filters='
    parts = [part.replace("'", "%27") for part in chosen_parts()]
    joined = f"' || url_encode({quoted}) || '".join(parts)
    name = "a.account_name"
    for plain, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        name = f"replace({name}, '{plain}', '{escaped}')"
    return f"'{start}{joined}\">' || {name} || '</a>'"
