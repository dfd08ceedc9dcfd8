"""The documented mapping of Salesforce against a server that speaks as Salesforce does."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from keyaccounts.errors import ConfigurationError, KeyaccountsError
from tests.sources.api import Answer, Api, Call
from tests.sources.rest_home import Home
from tests.sources.saas import DOCS, SHAPES, instant, table

pytestmark = pytest.mark.skipif(not SHAPES.is_dir(), reason="no ../shared/data/saas_table_shapes")

TODAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLES = {"Account": "sf_account", "User": "sf_user", "Contact": "sf_contact", "Task": "sf_task",
          "Event": "sf_event", "Opportunity": "sf_opportunity"}  # fmt: skip
INSTANTS = {"CreatedDate", "SystemModstamp", "CompletedDateTime", "StartDateTime"}
DAYS = {"ActivityDate", "CloseDate"}
ENTITIES = ("crm_accounts", "crm_users", "crm_contacts", "crm_activities", "crm_opportunities")


def _name(column: str) -> str:
    return "".join(part.capitalize() for part in column.split("_"))


def _value(name: str, text: str) -> Any:
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if name in INSTANTS and text:
        return _said(instant(text))
    if name in DAYS and text:
        return text[:10]
    if re.fullmatch(r"\d+(\.\d+)?", text) and name in {"Amount", "DurationInMinutes"}:
        return float(text) if "." in text else int(text)
    return text or None


def _said(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


class Org:
    """Salesforce: rows, SOQL as far as the mapping needs it, query locators, and tokens."""

    def __init__(self, api: Api, size: int = 4) -> None:
        self.api, self.now, self.size = api, TODAY, size
        self.rows: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in TABLES}
        self.locators: dict[str, list[dict[str, Any]]] = {}
        self.issued, self.left = 0, 5
        for kind, name in TABLES.items():
            for row in table("salesforce", name):
                values = {_name(key): _value(_name(key), text) for key, text in row.items()}
                modified = row.get("system_modstamp") or row["_fivetran_synced"]
                values.setdefault("CreatedDate", _said(instant(row["_fivetran_synced"])))
                values |= {"SystemModstamp": _said(instant(modified)),
                           "IsDeleted": bool(values.get("IsDeleted"))}  # fmt: skip
                values.setdefault("UserType", "Standard")
                if kind == "User":
                    values["UserType"] = "Standard"
                self.rows[kind][row["id"]] = values
        api.say = self.say

    def put(self, kind: str, key: str, **values: Any) -> None:
        row = self.rows[kind].setdefault(
            key, {"Id": key, "IsDeleted": False, "CreatedDate": _said(self.now)}
        )
        row.update(values, SystemModstamp=_said(self.now))

    def live(self, kind: str) -> list[dict[str, Any]]:
        return [row for row in self.rows[kind].values() if not row["IsDeleted"]]

    def say(self, call: Call) -> Answer | None:
        if call.path == "/services/oauth2/token":
            if (call.body["client_id"], call.body["client_secret"]) != ("id", "secret"):
                return Answer({"error": "invalid_client"}, 400)
            self.issued, self.left = self.issued + 1, 5
            return Answer({"access_token": f"t{self.issued}", "instance_url": self.api.url})
        self.left -= 1
        if call.headers.get("authorization") != f"Bearer t{self.issued}" or self.left < 0:
            return Answer([{"message": "Session expired", "errorCode": "INVALID_SESSION_ID"}], 401)
        match = re.fullmatch(r"/services/data/v62.0/(query|queryAll)(?:/(\w+))?", call.path)
        if match is None:
            return None
        if match[2] is not None:
            return self.page(self.locators.pop(match[2]), int(match[2].split("x")[1]), match[1])
        rows = self.select(call.query["q"], match[1] == "queryAll")
        if rows is None:
            return Answer([{"message": "unexpected token: -", "errorCode": "MALFORMED_QUERY"}], 400)
        return self.page(rows, len(rows), match[1])

    def page(self, rows: list[dict[str, Any]], total: int, way: str) -> Answer:
        found = {"totalSize": total, "done": len(rows) <= self.size, "records": rows[: self.size]}
        if len(rows) > self.size:
            locator = f"{len(self.api.calls)}x{total}"
            self.locators[locator] = rows[self.size :]
            found["nextRecordsUrl"] = f"/services/data/v62.0/{way}/{locator}"
        return Answer(found)

    def select(self, text: str, is_all: bool) -> list[dict[str, Any]] | None:
        match = re.fullmatch(r"select ([\w,]+) from (\w+)(?: where (.+))?", text)
        if match is None:
            return None
        names, kind, where = match.groups()
        rows = [row for row in self.rows[kind].values() if is_all or not row["IsDeleted"]]
        for condition in re.split(r" and (?![^(]*\))", where or ""):
            rows = [row for row in rows if self.holds(condition, row)]
        attributes = {"attributes": {"type": kind, "url": "/x"}}
        return [attributes | {name: row.get(name) for name in names.split(",")} for row in rows]

    def holds(self, condition: str, row: dict[str, Any]) -> bool:
        if condition.startswith("("):
            return any(self.holds(part, row) for part in condition[1:-1].split(" or "))
        if not condition:
            return True
        name, sign, value = condition.split(" ", 2)
        if sign == ">=":
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value)
            return datetime.fromisoformat(row[name]) >= datetime.fromisoformat(value)
        said = {"null": None, "true": True, "false": False}.get(value, value.strip("'"))
        return (row.get(name) == said) == (sign == "=")


@pytest.fixture
def org(api: Api, monkeypatch: pytest.MonkeyPatch) -> Org:
    monkeypatch.setenv("SALESFORCE_URL", api.url)
    monkeypatch.setenv("SALESFORCE_CLIENT_ID", "id")
    monkeypatch.setenv("SALESFORCE_CLIENT_SECRET", "secret")
    return Org(api)


@pytest.fixture
def home(api: Api, tmp_path: Path) -> Home:
    text = (DOCS / "salesforce/sources.yml").read_text("utf-8")
    assert "    rate_limit: 10\n" in text
    return Home(api, tmp_path, text.replace("    rate_limit: 10\n", ""))


def _expected(org: Org) -> dict[str, set[str]]:
    of_account = {kind: {row["Id"] for row in org.live(kind) if row.get("AccountId")}
                  for kind in ("Contact", "Task", "Event", "Opportunity")}  # fmt: skip
    closed = {row["Id"] for row in org.live("Task") if row.get("IsClosed")}
    children = {row["Id"] for row in org.live("Event") if row.get("IsChild")}
    merged = {row["Id"] for row in org.rows["Account"].values() if row.get("MasterRecordId")}
    return {
        "crm_accounts": {row["Id"] for row in org.live("Account")} | merged,
        "crm_users": {row["Id"] for row in org.live("User")},
        "crm_contacts": of_account["Contact"],
        "crm_activities": of_account["Task"] & closed | of_account["Event"] - children,
        "crm_opportunities": of_account["Opportunity"],
    }


def _compare(home: Home, org: Org, *entities: str) -> None:
    keys = {"crm_accounts": "account_id", "crm_users": "user_id", "crm_contacts": "contact_id",
            "crm_activities": "activity_id", "crm_opportunities": "opportunity_id"}  # fmt: skip
    for entity in entities or ENTITIES:
        found = {row[0] for row in home.rows(entity, keys[entity])}
        assert found == _expected(org)[entity], entity


def test_a_first_night_lands_what_the_org_holds(home: Home, org: Org) -> None:
    said = home.extract("2026-03-01", *ENTITIES)
    assert {name: landed["quarantined"] for name, landed in said.items()} == dict.fromkeys(
        ENTITIES, 0
    )
    _compare(home, org)
    assert len(home.rows("crm_activities", "activity_id")) > 15
    # Tokens ended between pages.
    assert org.issued > 2


def test_values_are_those_of_the_contract(home: Home, org: Org) -> None:
    org.put("Task", "00T1", AccountId="A", WhoId="C", OwnerId="U", IsClosed=True,
            TaskSubtype="Call", CallType="Inbound", CallDurationInSeconds=150,
            CompletedDateTime="2026-02-28T22:59:59.000+0000")  # fmt: skip
    org.put("Task", "00T2", AccountId="A", IsClosed=True, ActivityDate="2026-02-28")
    org.put("Task", "00T3", AccountId="A", IsClosed=False, ActivityDate="2026-02-28")
    org.put("Event", "00U1", AccountId="A", StartDateTime="2026-02-27T09:00:00.000+0000",
            EventSubtype="Event", DurationInMinutes=45, IsChild=False)  # fmt: skip
    org.put("Opportunity", "0061", AccountId="A", StageName="Negotiation/Review", Amount=1234567.89,
            CloseDate="2026-06-30", IsClosed=False, IsWon=False,
            CreatedDate="2026-01-31T23:30:00.000+0000")  # fmt: skip
    org.put("Opportunity", "0062", AccountId="A", StageName="Closed Lost", Amount=0.1,
            CloseDate="2026-02-20", IsClosed=True, IsWon=False)  # fmt: skip
    home.extract("2026-03-01", "crm_activities", "crm_opportunities")
    found = home.rows(
        "crm_activities", "activity_id, contact_id, cast(activity_at as varchar), channel, "
        "direction, is_two_way, duration_minutes", "activity_id",
    )  # fmt: skip
    assert [row for row in found if len(row[0]) == 4] == [
        ("00T1", "C", "2026-02-28 22:59:59", "call", "inbound", None, 3),
        # A day is its first hour in Berlin.
        ("00T2", None, "2026-02-27 23:00:00", None, None, None, None),
        ("00U1", None, "2026-02-27 09:00:00", "meeting", None, True, 45),
    ]
    found = home.rows(
        "crm_opportunities", "opportunity_id, buying_stage, amount, cast(opened_on as varchar), "
        "cast(closed_on as varchar), is_won", "opportunity_id",
    )  # fmt: skip
    assert [row for row in found if len(row[0]) == 4] == [
        ("0061", 6, Decimal("1234567.89"), "2026-02-01", None, None),
        ("0062", None, Decimal("0.10"), "2026-03-01", "2026-02-20", False),
    ]


def test_nights_follow_the_org(home: Home, org: Org) -> None:
    for number in range(8):
        org.put("Account", f"A{number}", Name=f"Firm {number}", OwnerId="U")
        org.put("Task", f"T{number}", AccountId=f"A{number}", IsClosed=True,
                ActivityDate="2026-02-28")  # fmt: skip
        org.put("Contact", f"C{number}", AccountId=f"A{number}", Name="X")
    home.extract("2026-03-01", *ENTITIES)
    org.now += timedelta(days=1)
    said = home.extract("2026-03-02", *ENTITIES)
    assert [landed["is_new"] for landed in said.values()] == [False] * 5
    org.put("Account", "A1", Name="Renamed")
    org.put("Account", "A2", IsDeleted=True, MasterRecordId="A1")
    org.put("Account", "A3", IsDeleted=True)
    org.put("Task", "T4", IsDeleted=True)
    org.put("Task", "T5", IsClosed=False)
    org.put("Task", "T6", AccountId=None)
    org.put("Contact", "C7", AccountId=None)
    # Deleted, and no longer of an account: what makes a contact count is not asked of a deletion.
    org.put("Contact", "C6", AccountId=None, IsDeleted=True)
    said = home.extract("2026-03-03", *ENTITIES)
    _compare(home, org)
    names = "account_id, account_name, merged_into_account_id"
    found = {row[0]: row[1:] for row in home.rows("crm_accounts", names)}
    assert found["A1"] == ("Renamed", None)
    assert found["A2"] == ("Firm 2", "A1")
    assert "A3" not in found
    assert (said["crm_activities"]["deleted"], said["crm_contacts"]["deleted"]) == (3, 2)
    # Out of the recycle bin: what was merged stays merged.
    org.now += timedelta(days=1)
    del org.rows["Account"]["A2"]
    home.extract("2026-03-04", "crm_accounts")
    assert dict(home.rows("crm_accounts", "account_id, merged_into_account_id"))["A2"] == "A1"


def test_a_column_that_the_org_does_not_have_is_told(home: Home, org: Org) -> None:
    home.text = home.text.replace("region: BillingCountry", "region: Billing-Country__c")
    with pytest.raises(ConfigurationError) as refused:
        home.extract("2026-03-01", "crm_accounts")
    assert "MALFORMED_QUERY" in str(refused.value)


def test_faults_of_salesforce(home: Home, org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    home.extract("2026-03-01", "crm_accounts")
    before = home.landing()
    busy = Answer([{"errorCode": "SERVER_UNAVAILABLE"}], 503)
    for faults in ([busy] * 6, [Answer({"records": []}, cut=5)] * 6):
        org.put("Account", "A9", Name="New")
        org.api.after(1, *faults)
        with pytest.raises(KeyaccountsError, match="Nothing of it landed"):
            home.extract("2026-03-02", "crm_accounts")
        assert home.landing() == before
    org.api.faults.clear()
    # The last page is left out.
    say = org.api.say

    def lossy(call: Call) -> Answer | None:
        found = say(call)
        if found and isinstance(found.body, dict):
            found.body.pop("nextRecordsUrl", None)
        return found

    org.api.say, org.size = lossy, 2
    told = frozenset({"crm_accounts"})
    with pytest.raises(KeyaccountsError, match="records and gave 2 in 1 pages: a page was lost"):
        home.extract("2026-03-02", "crm_accounts", reload=told)
    assert home.landing() == before
    org.api.say = say
    home.extract("2026-03-02", "crm_accounts", reload=told)
    _compare(home, org, "crm_accounts")
    monkeypatch.setenv("SALESFORCE_CLIENT_SECRET", "wrong")
    with pytest.raises(ConfigurationError, match="invalid_client"):
        home.extract("2026-03-03", "crm_accounts")
