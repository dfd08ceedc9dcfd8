"""Every chart as every role in a real Superset; who sees what; figures equal to the marts'."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from keyaccounts.bi.access import readable
from keyaccounts.bi.datasets import group_of, sql_of
from keyaccounts.bi.definition import dashboards, datasets, roles
from tests.bi.client import Answer, User
from tests.bi.conftest import USERS, Home, LocalSuperset

pytestmark = [pytest.mark.bi, pytest.mark.slow]
SignIn = Callable[[str], User]
OTHERS_HIDDEN = "account_owner_user_id"


def role_of(name: str) -> str:
    return USERS.get(name, "account_manager")


def expected(role: str) -> dict[str, int]:
    return {
        each.slug: len(each.charts)
        for each in dashboards()
        if role == "admin" or role in each.roles
    }


def dataset_ids(admin: User) -> dict[str, int]:
    found = admin.call("GET", "/api/v1/dataset/?q=(page_size:200)").json["result"]
    by_title = {each["table_name"]: each["id"] for each in found}
    return {name: by_title[f"{group_of(dataset)}_{name}"] for name, dataset in datasets().items()}


def asked(user: User, dataset: int, query: dict[str, Any], kind: str = "full") -> Answer:
    return user.ask({
        "datasource": {"id": dataset, "type": "table"}, "queries": [{"row_limit": 1000, **query}],
        "result_format": "json", "result_type": kind,
    })  # fmt: skip


@pytest.mark.parametrize("name", [*USERS, "manager"])
def test_every_chart_answers_as_each_role(name: str, manager: str, sign_in: SignIn) -> None:
    user = sign_in(manager if name == "manager" else name)
    may_be_empty = {chart.title for each in dashboards() for chart in each.charts
                    if chart.may_be_empty}  # fmt: skip
    charts = {slug: user.charts(slug) for slug in user.dashboards()}
    assert {slug: len(found) for slug, found in charts.items()} == expected(role_of(user.name))
    wrong = []
    for slug, found in charts.items():
        for chart in found:
            answer = user.call("GET", f"/api/v1/chart/{chart['id']}/data/")
            if answer.status != 200:
                wrong.append((slug, chart["slice_name"], answer.status, answer.text[:200]))
                continue
            (result,) = answer.json["result"]
            values = [value for row in result["data"] for value in row.values()]
            if not any(value is not None for value in values):
                wrong.append((slug, chart["slice_name"], "empty", ""))
    assert [each for each in wrong if each[2] != "empty" or each[1] not in may_be_empty] == []


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


def test_figures_are_those_of_the_marts(sign_in: SignIn, home: Home) -> None:
    user = sign_in("bi")

    def figure(slug: str, title: str) -> list[dict[str, Any]]:
        (chart,) = [each for each in user.charts(slug) if each["slice_name"] == title]
        answer = user.call("GET", f"/api/v1/chart/{chart['id']}/data/")
        return list(answer.json["result"][0]["data"])

    last = "from marts.portfolio_summary order by month_end desc limit 1"
    ((nrr, grr),) = home.rows(f"select nrr, grr {last}")
    assert figure("retention", "NRR (12 months)")[0]["nrr_ratio"] == pytest.approx(
        float(nrr), abs=1e-6
    )
    assert figure("retention", "GRR (12 months)")[0]["grr_ratio"] == pytest.approx(
        float(grr), abs=1e-6
    )
    ((due,),) = home.rows(
        "select sum(overdue_amount) from marts.receivables_aging "
        "where is_latest and not is_internal"
    )
    assert figure("receivables", "Overdue")[0]["past_due_amount"] == pytest.approx(float(due))
    bridge = figure("retention", "From the book of the year before to that of the last 12 months")
    ((closing,),) = home.rows(
        "select closing_amount from marts.retention_summary where scope_type = 'company' and "
        "measure = 'revenue' and comparison = 'year_over_year' order by month_end desc limit 1"
    )
    assert sum(row["bridge_amount"] for row in bridge) == pytest.approx(float(closing))
    days = {
        row["period"]: row for row in figure("receivables", "Aging at each month-end and today")
    }
    ((closed,),) = home.rows(
        "select sum(current_amount) from marts.receivables_aging "
        "where as_of_date = date '2026-09-30' and not is_internal"
    )
    assert days["2026-09"]["not_due_amount"] == pytest.approx(float(closed))


def test_a_month_that_is_not_complete_says_so(sign_in: SignIn) -> None:
    user = sign_in("bi")
    (chart,) = [c for c in user.charts("receivables") if c["slice_name"].startswith("Aging at")]
    data = user.call("GET", f"/api/v1/chart/{chart['id']}/data/").json["result"][0]["data"]
    periods = [row["period"] for row in data]
    assert periods[-2:] == ["2026-09", "2026-10 (to 20)"]
    assert len(set(periods)) == len(periods)


def test_nothing_comes_from_outside(sign_in: SignIn) -> None:
    page = sign_in("bi").call("GET", "/superset/dashboard/receivables/")
    policy = {key.lower(): value for key, value in page.headers.items()}["content-security-policy"]
    assert "http" not in policy
    assert "'strict-dynamic'" in policy
    assert json.dumps(page.text).count("data-version=") == 1


def test_installing_again_changes_nothing(superset: LocalSuperset, sign_in: SignIn) -> None:
    def seen() -> list[Any]:
        pages = sign_in("bi").dashboards()
        return [pages, *(sorted(c["id"] for c in sign_in("bi").charts(slug)) for slug in pages)]

    before = seen()
    superset.install()
    assert seen() == before


def test_a_forged_request_is_refused(sign_in: SignIn) -> None:
    user = sign_in("admin")
    token, user.token = user.token, ""
    try:
        answer = user.call("POST", "/api/v1/dashboard/", {"dashboard_title": "forged"})
    finally:
        user.token = token
    assert answer.status == 400
    assert "CSRF" in answer.text
