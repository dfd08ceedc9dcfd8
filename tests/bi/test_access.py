"""Who sees what in a real Superset: rows, groups, writing, and the machine behind the SQL."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from keyaccounts.bi.access import readable
from keyaccounts.bi.datasets import group_of, sql_of
from keyaccounts.bi.definition import datasets, roles
from tests.bi.client import Answer, User
from tests.bi.conftest import Home, LocalSuperset

pytestmark = [pytest.mark.bi, pytest.mark.slow]
SignIn = Callable[[str], User]
OTHERS_HIDDEN = "account_owner_user_id"


def dataset_ids(admin: User) -> dict[str, int]:
    found = admin.call("GET", "/api/v1/dataset/?q=(page_size:200)").json["result"]
    by_title = {each["table_name"]: each["id"] for each in found}
    return {name: by_title[f"{group_of(dataset)}_{name}"] for name, dataset in datasets().items()}


def asked(user: User, dataset: int, query: dict[str, Any], kind: str = "full") -> Answer:
    return user.ask({
        "datasource": {"id": dataset, "type": "table"}, "queries": [{"row_limit": 1000, **query}],
        "result_format": "json", "result_type": kind,
    })  # fmt: skip


def test_an_account_manager_sees_own_rows_only(manager: str, sign_in: SignIn, home: Home) -> None:
    ids, user = dataset_ids(sign_in("admin")), sign_in(manager)
    allowed = readable(roles()["account_manager"], datasets())
    assert "aging" in allowed
    assert "owner_receivables" not in allowed
    query = {"columns": [OTHERS_HIDDEN], "metrics": [{
        "expressionType": "SQL", "sqlExpression": "count(*)", "label": "n"}]}  # fmt: skip
    for name, dataset in datasets().items():
        if name not in allowed:
            answer = asked(user, ids[name], {"columns": [], "metrics": query["metrics"]})
            assert answer.status == 403, (name, answer.text[:200])
            continue
        answer = asked(user, ids[name], query)
        assert answer.status == 200, (name, answer.text[:300])
        owned = home.rows(
            f"select count(*) from ({sql_of(dataset, 'CNY')}) where {OTHERS_HIDDEN} = '{manager}'"
        )[0][0]
        seen = {row[OTHERS_HIDDEN]: row["n"] for row in answer.json["result"][0]["data"]}
        assert seen == ({manager: owned} if owned else {}), name


@pytest.mark.parametrize(
    "query",
    [
        {"columns": [OTHERS_HIDDEN], "extras": {"where": "1 = 1) or (1 = 1"}},
        {"columns": [OTHERS_HIDDEN], "extras": {"where": "1 = 1) or (1 = 1) --"}},
        {"columns": [OTHERS_HIDDEN], "extras": {"having": "1 = 1) or (1 = 1"},
         "metrics": [{"expressionType": "SQL", "sqlExpression": "count(*)", "label": "n"}]},
        {"columns": [{"label": "x", "sqlExpression":
                      "(select min(owner_user_id) from marts.accounts)"}]},
        {"metrics": [{"expressionType": "SQL", "label": "x", "sqlExpression":
                      "(select max(owner_user_id) from marts.accounts)"}]},
        {"columns": [OTHERS_HIDDEN], "extras": {"where":
         f"1 = 1 union all select owner_user_id as {OTHERS_HIDDEN} from marts.accounts"}},
    ],
    ids=["where", "comment", "having", "column", "metric", "union"],
)  # fmt: skip
def test_no_way_around_the_row_filter(query: dict[str, Any], manager: str, sign_in: SignIn) -> None:
    ids = dataset_ids(sign_in("admin"))
    answer = asked(sign_in(manager), ids["accounts"], query)
    if answer.status == 200:
        data = answer.json["result"][0]["data"]
        assert {value for row in data for value in row.values() if isinstance(value, str)} <= {
            manager
        }


def test_samples_and_filter_options_keep_to_own_rows(manager: str, sign_in: SignIn) -> None:
    dataset, user = dataset_ids(sign_in("admin"))["accounts"], sign_in(manager)
    answer = asked(user, dataset, {"columns": []}, "samples")
    rows = answer.json["result"][0]["data"] if answer.status == 200 else []
    assert {row["owner_user_id"] for row in rows} <= {manager}
    drilled = user.call(
        "POST",
        f"/datasource/samples?datasource_type=table&datasource_id={dataset}&force=true",
        {"filters": []},
    )
    if drilled.status == 200:
        assert {row["owner_user_id"] for row in drilled.json["result"]["data"]} <= {manager}
    options = asked(user, dataset, {"columns": ["account_owner"], "metrics": []})
    assert len(options.json["result"][0]["data"]) == 1


@pytest.mark.parametrize("name", ["bi", "finance", "engineer", "manager"])
def test_nobody_but_admin_writes_or_opens_the_sql_lab(
    name: str, manager: str, sign_in: SignIn
) -> None:
    user, admin = sign_in(manager if name == "manager" else name), sign_in("admin")
    database = admin.call("GET", "/api/v1/database/").json["result"][0]["id"]
    dataset = dataset_ids(admin)["accounts"]
    tries = [
        ("POST", "/api/v1/sqllab/execute/", {"database_id": database, "sql": "select 1"}),
        ("GET", "/api/v1/database/", None),
        ("GET", f"/api/v1/database/{database}/connection", None),
        ("POST", "/api/v1/dashboard/", {"dashboard_title": "mine"}),
        ("POST", "/api/v1/chart/", {"slice_name": "mine", "viz_type": "table",
                                    "datasource_id": dataset, "datasource_type": "table"}),
        ("POST", "/api/v1/dataset/", {"database": database, "schema": "marts",
                                      "table_name": "accounts"}),
        ("PUT", f"/api/v1/dataset/{dataset}", {"sql": "select 1"}),
        ("GET", "/api/v1/security/roles/", None),
        ("GET", "/api/v1/security/users/", None),
        ("GET", "/api/v1/rowlevelsecurity/", None),
        ("GET", "/api/v1/query/", None),
    ]  # fmt: skip
    for method, path, body in tries:
        answer = user.call(method, path, body)
        assert answer.status in (401, 403, 404), (path, answer.status, answer.text[:200])


def test_restricted_figures_are_for_their_group(sign_in: SignIn, manager: str) -> None:
    ids = dataset_ids(sign_in("admin"))
    query = {"columns": ["reasons"], "metrics": []}
    for name, may in {"finance": 200, "bi": 403, "engineer": 403, manager: 403}.items():
        assert asked(sign_in(name), ids["owner_receivables"], query).status == may, name
    query = {"columns": ["check_name"], "metrics": []}
    for name, may in {"engineer": 200, "finance": 403, "bi": 403, manager: 403}.items():
        assert asked(sign_in(name), ids["receivables_checks"], query).status == may, name


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('/etc/passwd')",
        "select * from read_csv('/etc/passwd')",
        "select * from '/etc/passwd'",
        "attach '/tmp/other.duckdb' as other",
        "copy (select 1) to '/tmp/keyaccounts-left.csv'",
        "set enable_external_access = true",
        "create table marts.mine as select 1",
        "delete from marts.accounts",
        "install httpfs",
        "export database '/tmp/keyaccounts-left'",
    ],
)
def test_sql_of_admin_reads_the_publication_and_nothing_else(sql: str, sign_in: SignIn) -> None:
    admin = sign_in("admin")
    database = admin.call("GET", "/api/v1/database/").json["result"][0]["id"]
    body = {"database_id": database, "sql": sql, "schema": "marts"}
    answer = admin.call("POST", "/api/v1/sqllab/execute/", body)
    assert answer.status >= 400, answer.text[:300]
    body["sql"] = "select count(*) as n from marts.accounts"
    assert admin.call("POST", "/api/v1/sqllab/execute/", body).status == 200


def test_a_forged_request_is_refused(sign_in: SignIn) -> None:
    user = sign_in("admin")
    token, user.token = user.token, ""
    try:
        answer = user.call("POST", "/api/v1/dashboard/", {"dashboard_title": "forged"})
    finally:
        user.token = token
    assert answer.status == 400
    assert "CSRF" in answer.text


def test_the_sign_in_page_leaves_the_session_to_who_signs_in(superset: LocalSuperset) -> None:
    nobody = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    nobody.open(f"{superset.url}/login/", timeout=120).read()
    with nobody.open(f"{superset.url}/superset/log/?explode=events", b"", timeout=120) as answer:
        assert (answer.status, answer.url) == (204, f"{superset.url}/superset/log/?explode=events")
        assert answer.headers["Set-Cookie"] is None


def test_what_signed_in_users_do_is_logged(sign_in: SignIn) -> None:
    answer = sign_in("bi").call("POST", "/superset/log/?explode=events", b"")
    assert answer.status == 200
