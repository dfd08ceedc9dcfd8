"""The documented mapping of HubSpot against a server that speaks as HubSpot does."""

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
ENTITIES = ("crm_accounts", "crm_users", "crm_contacts", "crm_activities", "crm_opportunities")
MODIFIED = {"contacts": "lastmodifieddate"}
TABLES = {"companies": ("company", "id"), "contacts": ("contact", "id"),
          "deals": ("deal", "deal_id"), "meetings": ("engagement_meeting", "engagement_id"),
          "calls": ("engagement_call", "engagement_id")}  # fmt: skip


def _said(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class Portal:
    """HubSpot: lists with and without archived objects, search, associations, owners."""

    def __init__(self, api: Api, size: int = 10, most: int = 10_000) -> None:
        self.api, self.now, self.size, self.most = api, TODAY, size, most
        self.objects: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in TABLES}
        self.objects["emails"] = {}
        self.links: dict[str, dict[str, list[str]]] = {}
        companies = [row["id"] for row in table("hubspot", "company")]
        for kind, (name, key) in TABLES.items():
            for position, row in enumerate(table("hubspot", name)):
                values = {k.removeprefix("property_"): v for k, v in row.items()
                          if k.startswith("property_") and v}  # fmt: skip
                company = companies[position % len(companies)]
                values["associatedcompanyid"] = values["hs_primary_associated_company"] = company
                if "createdate" in values:
                    values["createdate"] = _said(instant(values["createdate"]))
                if kind == "meetings":
                    values["hs_timestamp"] = _said(instant(row["start_time"]))
                self.put(kind, row[key], **values)
                self.links[row[key]] = {"companies": [company], "contacts": ["1"]}
                if (row.get("is_deleted") or row.get("_fivetran_deleted", "")).lower() == "true":
                    self.archive(kind, row[key])
        self.owners = table("hubspot", "owner")
        api.say = self.say

    def put(self, kind: str, key: str, **properties: Any) -> None:
        found = self.objects[kind].setdefault(
            key, {"id": key, "properties": {}, "createdAt": _said(self.now), "archived": False}
        )
        found["properties"] |= properties
        found["updatedAt"] = _said(self.now)
        found["properties"][MODIFIED.get(kind, "hs_lastmodifieddate")] = _said(self.now)

    def archive(self, kind: str, key: str) -> None:
        self.objects[kind][key] |= {"archived": True, "archivedAt": _said(self.now)}

    def live(self, kind: str) -> dict[str, dict[str, Any]]:
        return {key: one for key, one in self.objects[kind].items() if not one["archived"]}

    def say(self, call: Call) -> Answer | None:
        if call.headers.get("authorization") != "Bearer pat-1":
            return Answer({"status": "error", "category": "INVALID_AUTHENTICATION"}, 401)
        if call.path == "/crm/v3/owners":
            rows = [
                {"id": row["owner_id"], "email": row["email"], "firstName": row["first_name"],
                 "lastName": row["last_name"], "archived": False, "updatedAt": _said(self.now)}
                for row in self.owners
            ]  # fmt: skip
            gone = [{**rows[0], "id": "1", "archived": True}]
            return self.page(rows if call.query["archived"] == "false" else gone, call.query)
        match = re.fullmatch(r"/crm/v3/objects/(\w+)(/search)?", call.path)
        if match is None or match[1] not in self.objects:
            return None
        if match[2]:
            return self.search(match[1], call.body)
        is_archived = {"true": True, "false": False}[call.query["archived"]]
        rows = [one for one in self.objects[match[1]].values() if one["archived"] == is_archived]
        return self.page([self.seen(one, call.query) for one in rows], call.query)

    def seen(self, one: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        """Return an object as asked: only named properties, associations where they are wanted."""
        names = query["properties"].split(",")
        found = {**one, "properties": {name: one["properties"].get(name) for name in names}}
        if "associations" in query:
            links = self.links.get(one["id"], {})
            found["associations"] = {
                kind: {"results": [{"id": key, "type": "x"} for key in keys]}
                for kind, keys in links.items() if keys
            }  # fmt: skip
        return found

    def search(self, kind: str, body: dict[str, Any]) -> Answer:
        assert body["sorts"] == [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        [group] = body["filterGroups"]
        [one] = group["filters"]
        assert (one["propertyName"], one["operator"]) == (
            MODIFIED.get(kind, "hs_lastmodifieddate"), "GTE",
        )  # fmt: skip
        floor = datetime.fromtimestamp(int(one["value"]) / 1000, UTC)
        rows = [row for row in self.live(kind).values()
                if datetime.fromisoformat(row["updatedAt"]) >= floor]  # fmt: skip
        if int(body.get("after", 0)) >= self.most:
            return Answer({"message": "beyond 10,000"}, 400)
        names = {"properties": ",".join(body["properties"])}
        found = self.page(
            [self.seen(row, names) for row in rows], {k: str(v) for k, v in body.items()}
        )
        found.body["total"] = len(rows)
        return found

    def page(self, rows: list[dict[str, Any]], said: dict[str, str]) -> Answer:
        assert said["limit"] == "100"
        first = int(said.get("after", 0))
        body: dict[str, Any] = {"results": rows[first : first + self.size]}
        if first + self.size < len(rows):
            body["paging"] = {"next": {"after": str(first + self.size), "link": "https://x"}}
        return Answer(body)


@pytest.fixture
def portal(api: Api, monkeypatch: pytest.MonkeyPatch) -> Portal:
    monkeypatch.setenv("HUBSPOT_TOKEN", "pat-1")
    return Portal(api)


@pytest.fixture
def home(api: Api, tmp_path: Path) -> Home:
    text = (DOCS / "hubspot/sources.yml").read_text("utf-8")
    for old, new in (("https://api.hubapi.com", api.url), ("    rate_limit: 4  ", "    # ")):
        assert old in text
        text = text.replace(old, new)
    return Home(api, tmp_path, text)


def _compare(home: Home, portal: Portal) -> None:
    for entity, kind, key in (
        ("crm_accounts", "companies", "account_id"), ("crm_contacts", "contacts", "contact_id"),
        ("crm_opportunities", "deals", "opportunity_id"),
    ):  # fmt: skip
        merged = {
            part for one in portal.live(kind).values() if kind == "companies"
            for part in str(one["properties"].get("hs_merged_object_ids", "")).split(";") if part
        }  # fmt: skip
        found = {row[0] for row in home.rows(entity, key)}
        assert found == set(portal.live(kind)) | merged, entity


def test_a_first_night_lands_what_the_portal_holds(home: Home, portal: Portal) -> None:
    said = home.extract("2026-03-01", *ENTITIES)
    assert {name: landed["quarantined"] for name, landed in said.items()} == dict.fromkeys(
        ENTITIES, 0
    )
    _compare(home, portal)
    meetings = set(portal.live("meetings"))
    assert {row[0] for row in home.rows("crm_activities", "activity_id")} >= meetings
    users = dict(home.rows("crm_users", "user_id, is_active"))
    assert (len(users), users["1"]) == (len(portal.owners) + 1, False)


def test_values_are_those_of_the_contract(home: Home, portal: Portal) -> None:
    portal.put("deals", "7", hs_primary_associated_company="C", amount="1234567.89",
               deal_currency_code="EUR", createdate="2026-01-31T23:30:00.000Z",
               closedate="2026-06-30T10:00:00Z", hs_is_closed="false", hs_is_closed_won="false",
               dealstage="contractsent")  # fmt: skip
    portal.put("deals", "8", hs_primary_associated_company="C", amount="0.10",
               createdate="2026-01-31T10:00:00Z", closedate="2026-02-20T23:30:00Z",
               hs_is_closed="true", hs_is_closed_won="true", dealstage="closedwon")  # fmt: skip
    portal.put("deals", "9", hs_primary_associated_company="")
    portal.put("calls", "10", hs_timestamp="2026-02-20T10:00:00Z", hs_call_duration="150000",
               hs_call_direction="INBOUND")  # fmt: skip
    portal.put("meetings", "11", hs_timestamp="2026-02-20T10:00:00Z",
               hs_meeting_outcome="CANCELED")  # fmt: skip
    portal.links |= {"10": {"companies": ["C", "D"], "contacts": []}, "11": {"companies": ["C"]}}
    home.extract("2026-03-01", "crm_opportunities", "crm_activities")
    found = home.rows(
        "crm_opportunities", "opportunity_id, buying_stage, amount, currency_code, "
        "cast(opened_on as varchar), cast(closed_on as varchar), is_won", "opportunity_id",
    )  # fmt: skip
    assert [row for row in found if len(row[0]) == 1] == [
        ("7", 6, Decimal("1234567.89"), "EUR", "2026-02-01", None, None),
        ("8", 7, Decimal("0.10"), None, "2026-01-31", "2026-02-21", True),
    ]
    found = home.rows("crm_activities", "activity_id, account_id, contact_id, channel, direction, "
                      "duration_minutes", "activity_id")  # fmt: skip
    assert [row for row in found if len(row[0]) == 2] == [("10", "C", None, "call", "inbound", 3)]


def test_nights_follow_the_portal(home: Home, portal: Portal) -> None:
    kinds = ("crm_accounts", "crm_contacts", "crm_opportunities")
    for number in range(1, 9):
        portal.put("companies", str(number), name=f"Firm {number}")
        portal.put("contacts", f"10{number}", associatedcompanyid="1", lastname="X")
    home.extract("2026-03-01", *kinds)
    portal.now += timedelta(days=1)
    said = home.extract("2026-03-02", *kinds)
    assert [landed["rows"] for landed in said.values()] == [0] * 3
    searched = {call.path for call in portal.api.calls if call.method == "POST"}
    assert searched == {f"/crm/v3/objects/{k}/search" for k in ("companies", "contacts", "deals")}
    portal.put("companies", "1", name="Renamed")
    portal.archive("companies", "2")
    del portal.objects["companies"]["3"]
    del portal.objects["companies"]["4"]
    portal.put("companies", "5", hs_merged_object_ids="3;4")
    portal.archive("contacts", "101")
    portal.put("contacts", "102", associatedcompanyid="")
    said = home.extract("2026-03-03", *kinds)
    found = dict(home.rows("crm_accounts", "account_id, merged_into_account_id"))
    assert (found["3"], found["4"], found["5"], "2" in found) == ("5", "5", None, False)
    assert said["crm_contacts"]["deleted"] == 2
    del portal.objects["contacts"]["102"]
    _compare(home, portal)
    # Nothing is deleted twice.
    said = home.extract("2026-03-03", *kinds)
    assert [landed["is_new"] for landed in said.values()] == [False] * 3


def test_more_changes_than_search_gives_are_read_by_list(home: Home, portal: Portal) -> None:
    home.text = home.text.replace("most: 10000", "most: 20")
    portal.most = 20
    home.extract("2026-03-01", "crm_opportunities")
    for key in portal.live("deals"):
        portal.put("deals", key, amount="5")
    before = len(portal.api.calls)
    said = home.extract("2026-03-02", "crm_opportunities")["crm_opportunities"]
    assert said["rows"] == len(portal.live("deals"))
    assert [call.method for call in portal.api.calls[before:]].count("POST") == 1


def test_faults_of_hubspot(home: Home, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = Answer({"status": "error", "errorType": "RATE_LIMIT"}, 429, {"Retry-After": "10"})
    portal.api.after(2, limit, Answer("oops", 502), limit)
    home.extract("2026-03-01", "crm_opportunities")
    before = home.landing()
    portal.api.after(1, *[limit] * 6)
    for key in list(portal.live("deals"))[:15]:
        portal.put("deals", key, amount="7")
    with pytest.raises(KeyaccountsError, match=r"429 \(too many requests\) 6 times"):
        home.extract("2026-03-02", "crm_opportunities")
    assert home.landing() == before
    # A search that leaves out its second page.
    portal.api.faults.clear()
    say = portal.api.say

    def lossy(call: Call) -> Answer | None:
        found = say(call)
        if found and call.method == "POST":
            found.body.pop("paging", None)
        return found

    portal.api.say = lossy
    with pytest.raises(KeyaccountsError, match="and gave 10 in 1 pages: a page was lost"):
        home.extract("2026-03-02", "crm_opportunities")
    assert home.landing() == before
    portal.api.say = say
    home.extract("2026-03-02", "crm_opportunities")
    assert {row[0] for row in home.rows("crm_opportunities", "opportunity_id")} == set(
        portal.live("deals")
    )
    monkeypatch.setenv("HUBSPOT_TOKEN", "pat-2")
    with pytest.raises(ConfigurationError, match="INVALID_AUTHENTICATION"):
        home.extract("2026-03-03", "crm_opportunities")
