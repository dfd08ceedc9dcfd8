"""Rewrites a query over one company into the same query over many, by a column `company`.

DuckDB parses the query and writes it back; between the two, mechanically and by rules that know
nothing of the models: each relation has a column `company`, joins join on it, groups and
windows are split by it, subqueries in expressions look at their own company only. What cannot be
told from the text is checked instead: `test_harness.py` builds companies one by one and together
and compares.

One difference is known: an aggregate without groups over no rows gives one row for a company, and
none here. So a company needs a document of an external account (`data_coverage` is run singly).
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import duckdb

Ast = dict[str, Any]
AGGREGATES = {"sum", "min", "max", "count", "count_star", "bit_or", "list", "string_agg", "avg"}
KEY = "company"


@cache
def keyed(sql: str) -> str:
    """Return the query over all companies; its first column is `company`."""
    ast = json.loads(_parsed(sql))
    if ast["error"]:
        raise ValueError(f"{ast['error_message']}: {sql}")
    for statement in ast["statements"]:
        _query(statement["node"])
    out = _parser().execute("select json_deserialize_sql(?::json)", [json.dumps(ast)])
    return str(out.fetchall()[0][0])


def _query(node: Ast, outer: Ast | None = None) -> None:
    """Key one query; with `outer` it stands in an expression of a company of that key."""
    for cte in node["cte_map"]["map"]:
        _query(cte["value"]["query_node"])
    if node["type"] == "SELECT_NODE":
        _select(node, outer)
    elif node["type"] == "RECURSIVE_CTE_NODE":
        _query(node["left"], outer)
        _query(node["right"], outer)
    elif node["type"] == "SET_OPERATION_NODE":
        for child in node["children"] if "children" in node else (node["left"], node["right"]):
            _query(child, outer)
    else:
        raise ValueError(f"a query of type {node['type']}")
    if any(m["type"] not in {"ORDER_MODIFIER"} for m in node["modifiers"]):
        raise ValueError("limit and distinct are not keyed")


def _select(node: Ast, outer: Ast | None) -> None:
    if node["from_table"]["type"] == "EMPTY" and outer is None:
        node["from_table"] = _table("landing", "companies")
    key = _from(node["from_table"])
    if key is None:
        raise ValueError("a query without a relation stands in an expression")
    parts = ("select_list", "where_clause", "group_expressions", "having", "qualify")
    for part in parts:
        _expressions(node[part], key)
    if outer is not None:
        node["where_clause"] = _and(node["where_clause"], _equal(key, outer))
        return
    is_grouped = bool(node["group_expressions"])
    if is_grouped or _aggregates(node["select_list"]) or _aggregates(node["having"]):
        node["group_expressions"].append(key)
        place = len(node["group_expressions"]) - 1
        node["group_sets"] = [[*s, place] for s in node["group_sets"] or [[]]]
    for column in node["select_list"]:
        if column["class"] == "STAR":
            column["exclude_list"].append(KEY)
    node["select_list"].insert(0, {**key, "alias": KEY})


MADE_UP = {"EMPTY", "EXPRESSION_LIST"}


def _from(table: Ast) -> Ast | None:
    """Key a relation; return the expression that holds its company, None where it has none."""
    kind = table["type"]
    if kind == "BASE_TABLE":
        return _column(table["alias"] or table["table_name"])
    if kind == "SUBQUERY":
        node = table["subquery"]["node"]
        # Rows that are made out of columns beside them in a lateral join, or written out.
        if node["type"] == "SELECT_NODE" and node["from_table"]["type"] in MADE_UP:
            return None
        _query(node)
        return _column(table["alias"])
    if kind != "JOIN":
        raise ValueError(f"a relation of type {kind}")
    left, right = _from(table["left"]), _from(table["right"])
    if table["using_columns"]:
        raise ValueError("joins are keyed by their condition, not by using")
    if left is None or right is None:
        return left or right
    _expressions(table["condition"], left)
    table["condition"] = _and(table["condition"], _equal(left, right))
    table["ref_type"] = "REGULAR"
    if table["join_type"] == "FULL":
        return _coalesce(left, right)
    return right if table["join_type"] == "RIGHT" else left


def _expressions(part: Any, key: Ast) -> None:
    """Split windows by company and keep subqueries to their own company."""
    if isinstance(part, list):
        for item in part:
            _expressions(item, key)
    elif isinstance(part, dict):
        if part.get("class") == "SUBQUERY":
            _expressions(part["child"], key)
            _query(part["subquery"]["node"], outer=key)
            return
        if part.get("class") == "WINDOW":
            part["partitions"].append(key)
        for name, item in part.items():
            if name != "partitions":
                _expressions(item, key)


def _aggregates(part: Any) -> bool:
    """Return whether an expression aggregates its group (windows and subqueries do not)."""
    if isinstance(part, list):
        return any(_aggregates(item) for item in part)
    if not isinstance(part, dict) or part.get("class") in {"WINDOW", "SUBQUERY"}:
        return False
    if part.get("class") == "FUNCTION" and part["function_name"] in AGGREGATES:
        return True
    return any(_aggregates(item) for item in part.values())


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


@cache
def _parsed(sql: str) -> str:
    return str(_parser().execute("select json_serialize_sql(?::varchar)", [sql]).fetchall()[0][0])


def _piece(expression: str) -> Ast:
    """Return the tree of one expression."""
    ast = json.loads(_parsed(f"select {expression}"))
    piece: Ast = ast["statements"][0]["node"]["select_list"][0]
    return piece


def _table(schema: str, name: str) -> Ast:
    ast = json.loads(_parsed(f"select 1 from {schema}.{name}"))
    table: Ast = ast["statements"][0]["node"]["from_table"]
    return table


def _column(relation: str) -> Ast:
    return {**_piece(f"x.{KEY}"), "column_names": [relation, KEY]}


def _equal(left: Ast, right: Ast) -> Ast:
    return {**_piece("x.a = y.b"), "left": left, "right": right}


def _and(condition: Ast | None, other: Ast) -> Ast:
    if condition is None:
        return other
    return {**_piece("x.a and y.b"), "children": [condition, other]}


def _coalesce(left: Ast, right: Ast) -> Ast:
    return {**_piece("coalesce(x.a, y.b)"), "children": [left, right]}
