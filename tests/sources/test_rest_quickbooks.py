"""The documented mapping of QuickBooks against a server that speaks as QuickBooks does."""

from __future__ import annotations

import base64
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from keyaccounts.errors import ConfigurationError, KeyaccountsError, SourceRefusedError
from tests.sources.api import Answer, Api, Call
from tests.sources.rest_home import Home
from tests.sources.saas import DOCS, SHAPES, instant, number, table

pytestmark = pytest.mark.skipif(not SHAPES.is_dir(), reason="no ../shared/data/saas_table_shapes")

TODAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMPANY = "/v3/company/123"
ENTITIES = (
    "crm_accounts", "erp_products", "erp_invoices", "erp_invoice_lines", "erp_payments",
    "erp_payment_applications",
)  # fmt: skip


def _meta(row: dict[str, str]) -> dict[str, str]:
    return {"CreateTime": _said(instant(row["created_at"])),
            "LastUpdatedTime": _said(instant(row["updated_at"]))}  # fmt: skip


def _changed_at(document: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(document["MetaData"]["LastUpdatedTime"])


def _said(moment: datetime) -> str:
    return (moment - timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S-08:00")


def _lines(name: str, key: str, document: str) -> list[dict[str, Any]]:
    found = []
    for row in table("quickbooks", name):
        if row[key] != document:
            continue
        kind = row.get("detail_type") or "SalesItemLineDetail"
        line = {"Id": row["index"], "Amount": number(row["amount"]), "DetailType": kind}
        if kind == "SalesItemLineDetail":
            item = row["sales_item_item_id"] or None
            detail = {"ItemRef": {"value": item}, "Qty": number(row["sales_item_quantity"])}
            line[kind] = {key: value for key, value in detail.items() if value}
        found.append(line)
    return found


class Books:
    """QuickBooks: a company's documents, the query endpoint, the log of changes, and its tokens."""

    def __init__(self, api: Api) -> None:
        self.api, self.now = api, TODAY
        self.kinds: dict[str, dict[str, dict[str, Any]]] = {}
        self.gone: list[tuple[str, str, datetime]] = []
        self.refresh, self.issued, self.left = "r0", 0, 7
        self._seed()
        api.say = self.say

    def _seed(self) -> None:
        for row in table("quickbooks", "customer"):
            self.put("Customer", row["id"], _meta(row), DisplayName=row["display_name"],
                     Active=row["active"] == "TRUE",
                     CurrencyRef={"value": row["currency_id"]})  # fmt: skip
        for row in table("quickbooks", "item"):
            self.put("Item", row["id"], _meta(row), Name=row["name"], Type="Service", Active=True)
        self.put("Item", "77", self.meta(), Name="Tools", Type="Category", Active=True)
        for kind, name, lines, key in (
            ("Invoice", "invoice", "invoice_line", "invoice_id"),
            ("CreditMemo", "credit_memo", "credit_memo_line", "credit_memo_id"),
        ):
            for row in table("quickbooks", name):
                if row["_fivetran_deleted"] == "TRUE":
                    self.gone.append((kind, row["id"], self.now))
                    continue
                self.put(kind, row["id"], _meta(row), CustomerRef={"value": row["customer_id"]},
                         TxnDate=row["transaction_date"], TotalAmt=number(row["total_amount"]),
                         DueDate=row.get("due_date"), CurrencyRef={"value": row["currency_id"]},
                         Line=_lines(lines, key, row["id"]))  # fmt: skip
        applied = {row["payment_id"]: row for row in table("quickbooks", "payment_line")}
        for row in table("quickbooks", "payment"):
            line = applied.get(row["id"])
            links = (
                [self.link("Invoice", line["invoice_id"], number(line["amount"]))] if line else []
            )
            self.put("Payment", row["id"], _meta(row), CustomerRef={"value": row["customer_id"]},
                     TxnDate=row["transaction_date"], TotalAmt=number(row["total_amount"]),
                     CurrencyRef={"value": row["currency_id"]}, Line=links)  # fmt: skip
        self.put("SalesReceipt", "9", self.meta(), CustomerRef={"value": "10"}, TotalAmt=54.31,
                 TxnDate="2026-02-20", Line=[
                     {"Id": "1", "Amount": 49.9, "DetailType": "SalesItemLineDetail",
                      "SalesItemLineDetail": {"ItemRef": {"value": "SHIPPING_ITEM_ID"}}},
                 ])  # fmt: skip

    def meta(self) -> dict[str, str]:
        return {"CreateTime": _said(self.now), "LastUpdatedTime": _said(self.now)}

    def put(self, kind: str, key: str, meta: dict[str, str] | None = None, **values: Any) -> None:
        document = {"Id": key, "MetaData": meta or self.meta(), "domain": "QBO", **values}
        self.kinds.setdefault(kind, {})[key] = document

    def link(self, kind: str, key: str, amount: Any) -> dict[str, Any]:
        return {"Amount": amount, "LinkedTxn": [{"TxnId": key, "TxnType": kind}]}

    def change(self, kind: str, key: str, **values: Any) -> None:
        self.kinds[kind][key].update(values, MetaData=self.meta())

    def remove(self, kind: str, key: str) -> None:
        del self.kinds[kind][key]
        self.gone.append((kind, key, self.now))

    def say(self, call: Call) -> Answer | None:
        if call.path == "/tokens/bearer":
            return self.token(call)
        if call.headers["accept"] != "application/json":
            return Answer(raw=b"<IntuitResponse/>", headers={"Content-Type": "application/xml"})
        self.left -= 1
        if call.headers.get("authorization") != f"Bearer t{self.issued}" or self.left < 0:
            fault = {"fault": {"error": [{"message": "AuthenticationFailed"}]}}
            return Answer(fault, 401)
        assert call.query["minorversion"] == "75"
        if call.path == f"{COMPANY}/query":
            return self.query(call.query["query"])
        if call.path == f"{COMPANY}/cdc":
            return self.cdc(call.query)
        return None

    def token(self, call: Call) -> Answer:
        pair = base64.b64decode(call.headers["authorization"].split()[1]).decode()
        if pair != "id:secret" or call.body["refresh_token"] != self.refresh:
            return Answer({"error": "invalid_grant"}, 400)
        self.issued += 1
        self.refresh, self.left = f"r{self.issued}", 7
        return Answer({"access_token": f"t{self.issued}", "expires_in": 3600,
                       "refresh_token": self.refresh})  # fmt: skip

    def query(self, text: str) -> Answer:
        found = re.fullmatch(
            r"select (\*|count\(\*\)) from (\w+)(?: where (.*?))?"
            r"(?: orderby Id startposition (\d+) maxresults (\d+))?", text,
        )  # fmt: skip
        if found is None:
            return Answer({"Fault": {"Error": [{"Message": "QueryParserError"}]}}, 400)
        what, kind, where, start, most = found.groups()
        rows = [self.kinds.get(kind, {})[key] for key in sorted(self.kinds.get(kind, {}), key=int)]
        for condition in (where or "").split(" and "):
            if since := re.fullmatch(r"MetaData.LastUpdatedTime >= '(.+)'", condition):
                moment = datetime.fromisoformat(since[1])
                rows = [row for row in rows if _changed_at(row) >= moment]
            else:
                assert condition in {"", "Active in (true, false)"}
        if what != "*":
            return Answer({"QueryResponse": {"totalCount": len(rows)}})
        page = rows[int(start) - 1 :][: int(most)]
        # Without a row, QuickBooks does not name the kind.
        said = {kind: page, "startPosition": int(start), "maxResults": len(page)} if page else {}
        return Answer({"QueryResponse": said, "time": _said(self.now)})

    def cdc(self, said: dict[str, str]) -> Answer:
        kind, since = said["entities"], datetime.fromisoformat(said["changedSince"])
        changed = [row for row in self.kinds.get(kind, {}).values() if _changed_at(row) >= since]
        gone = [{"domain": "QBO", "status": "Deleted", "Id": key,
                 "MetaData": {"LastUpdatedTime": _said(moment)}}
                for one, key, moment in self.gone if one == kind and moment >= since]  # fmt: skip
        found = {kind: changed + gone} if changed or gone else {}
        return Answer({"CDCResponse": [{"QueryResponse": [found]}], "time": _said(self.now)})


@pytest.fixture
def books(api: Api, monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.setenv("QUICKBOOKS_URL", f"{api.url}{COMPANY}")
    monkeypatch.setenv("QUICKBOOKS_CLIENT_ID", "id")
    monkeypatch.setenv("QUICKBOOKS_CLIENT_SECRET", "secret")
    monkeypatch.setenv("QUICKBOOKS_REFRESH_TOKEN", "r0")
    return Books(api)


@pytest.fixture
def home(api: Api, tmp_path: Path) -> Home:
    text = (DOCS / "quickbooks/sources.yml").read_text("utf-8")
    # Small pages, a server of ours, and no pace.
    for old, new in (
        ("size: 1000", "size: 4"), ("    rate_limit: 8", "    # no pace"),
        ("https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer", f"{api.url}/tokens/bearer"),
    ):  # fmt: skip
        assert old in text
        text = text.replace(old, new)
    return Home(api, tmp_path, text)


def _documents(books: Books) -> Counter[Any]:
    found = [
        (prefix + key, kind, d["CustomerRef"]["value"], d["TxnDate"], sign * _exact(d["TotalAmt"]))
        for name, prefix, kind, sign in (
            ("Invoice", "", "invoice", 1), ("CreditMemo", "CM-", "credit_note", -1),
            ("SalesReceipt", "SR-", "invoice", 1),
        )
        for key, d in books.kinds[name].items()
    ]  # fmt: skip
    return Counter(found)


def _rows_of_lines(books: Books) -> Counter[Any]:
    found = []
    for name, prefix, sign in (
        ("Invoice", "", 1),
        ("CreditMemo", "CM-", -1),
        ("SalesReceipt", "SR-", 1),
    ):
        for key, document in books.kinds[name].items():
            for line in document["Line"]:
                of_group = line.get("GroupLineDetail", {}).get("Line", [])
                for one in [line, *of_group]:
                    side = {"SalesItemLineDetail": 1, "DiscountLineDetail": -1}.get(
                        one["DetailType"]
                    )
                    if side:
                        found.append((f"{prefix}{key}-{one['Id']}", prefix + key,
                                      sign * side * _exact(one["Amount"])))  # fmt: skip
    return Counter(found)


def _exact(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))


def _compare(home: Home, books: Books) -> None:
    found = home.rows(
        "erp_invoices", "invoice_id, document_type, account_id, cast(invoice_date as varchar), "
        "gross_amount", "invoice_id",
    )  # fmt: skip
    assert Counter(found) == _documents(books)
    lines = home.rows("erp_invoice_lines", "invoice_line_id, invoice_id, net_amount")
    assert Counter(lines) == _rows_of_lines(books)


def test_a_first_night_lands_what_the_books_hold(home: Home, books: Books) -> None:
    said = home.extract("2026-03-01", *ENTITIES)
    assert {name: (landed["rows"], landed["quarantined"]) for name, landed in said.items()} == {
        "crm_accounts": (5, 0), "erp_products": (len(table("quickbooks", "item")), 0),
        "erp_invoices": (18, 0), "erp_invoice_lines": (10, 0), "erp_payments": (13, 0),
        "erp_payment_applications": (2, 0),
    }  # fmt: skip
    _compare(home, books)
    assert home.rows("erp_payments", "payment_id, amount")[-1] == ("SR-9", Decimal("54.31"))
    assert home.rows("erp_payment_applications", "application_id, source_document_id, invoice_id, "
                     "application_type, amount", "application_id") == [
        ("9001-50001", "9001", "50001", "payment", Decimal(1000)),
        ("SR-9", "SR-9", "SR-9", "payment", Decimal("54.31")),
    ]  # fmt: skip
    # Tokens ended in between, several times, and the newest is kept.
    assert books.issued > 3
    assert f"r{books.issued}" in (home.folder / "quickbooks.token").read_text()


def test_lines_add_up_to_the_document(home: Home, books: Books) -> None:
    """Bundles by their parts, a discount off, subtotals and text not counted; tax is no line."""
    detail = {"SalesItemLineDetail": {"ItemRef": {"value": "2"}, "Qty": 2}}
    lines = [
        {"Id": "1", "Amount": 100.01, "DetailType": "SalesItemLineDetail", **detail},
        {"Id": "2", "Amount": 60, "DetailType": "GroupLineDetail", "GroupLineDetail": {"Line": [
            {"Id": "3", "Amount": 40, "DetailType": "SalesItemLineDetail", **detail},
            {"Id": "4", "Amount": 20, "DetailType": "SalesItemLineDetail", **detail},
        ]}},
        {"Id": "5", "DetailType": "DescriptionOnly", "Description": "Thanks"},
        {"Amount": 160.01, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
        {"Amount": 16, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {}},
    ]  # fmt: skip
    for kind in ("Invoice", "CreditMemo"):
        books.put(kind, "60001", CustomerRef={"value": "10"}, TxnDate="2026-02-27", Line=lines,
                  TotalAmt=158.41, TxnTaxDetail={"TotalTax": 14.40})  # fmt: skip
    home.extract("2026-03-01", "erp_invoice_lines")
    found = home.rows("erp_invoice_lines", "invoice_line_id, product_id, quantity, net_amount")
    assert [row for row in found if row[0].startswith("60001-")] == [
        ("60001-1", "2", Decimal(2), Decimal("100.01")), ("60001-3", "2", Decimal(2), Decimal(40)),
        ("60001-4", "2", Decimal(2), Decimal(20)),
        ("60001-DiscountLineDetail", None, None, Decimal(-16)),
    ]  # fmt: skip
    memo = [row for row in found if row[0].startswith("CM-60001-")]
    assert sum(row[3] for row in memo) == Decimal("-144.01")
    assert memo[0][2] == -2


def test_a_line_of_an_unknown_kind_is_held_back(home: Home, books: Books) -> None:
    books.kinds["Invoice"]["40113"]["Line"] += [{"Id": "8", "Amount": 5, "DetailType": "NewDetail"}]
    with pytest.raises(SourceRefusedError, match="'5 x NewDetail' is not an amount"):
        home.extract("2026-03-01", "erp_invoice_lines")


def test_credits_are_used_before_money(home: Home, books: Books) -> None:
    link = books.link
    books.put("Payment", "70001", CustomerRef={"value": "10"}, TxnDate="2026-02-28", TotalAmt=100,
              Line=[link("Invoice", "40113", 90), link("CreditMemo", "999", 50),
                    link("Invoice", "40114", 70.5), link("JournalEntry", "5", 20)])  # fmt: skip
    books.put("Payment", "70002", CustomerRef={"value": "10"}, TxnDate="2026-02-28", TotalAmt=0,
              Line=[link("Invoice", "40115", 30), link("CreditMemo", "2702", 30)])  # fmt: skip
    books.change("Invoice", "40116", Deposit=12.5)
    home.extract("2026-03-01", "erp_payment_applications", "erp_payments")
    found = home.rows(
        "erp_payment_applications", "application_id, application_type, source_document_id, "
        "invoice_id, amount", "application_id",
    )  # fmt: skip
    assert found == [
        ("70001-40113", "payment", "70001", "40113", Decimal(20)),
        ("70001-40113-CreditMemo-999", "credit_note", "CM-999", "40113", Decimal(50)),
        ("70001-40113-JournalEntry-5", "write_off", None, "40113", Decimal(20)),
        ("70001-40114", "payment", "70001", "40114", Decimal("70.50")),
        ("70002-40115-CreditMemo-2702", "credit_note", "CM-2702", "40115", Decimal(30)),
        ("9001-50001", "payment", "9001", "50001", Decimal(1000)),
        ("DEP-40116", "payment", "DEP-40116", "40116", Decimal("12.50")),
        ("SR-9", "payment", "SR-9", "SR-9", Decimal("54.31")),
    ]
    # Of the money, 9.50 is left.
    assert sum(row[4] for row in found if row[2] == "70001") == Decimal("90.50")
    amounts = dict(home.rows("erp_payments", "payment_id, amount"))
    assert (amounts["DEP-40116"], amounts["70002"]) == (Decimal("12.50"), 0)


def test_nights_follow_the_books(home: Home, books: Books) -> None:
    documents = ("erp_invoices", "erp_invoice_lines", "erp_payments")
    books.change("Invoice", "40116", Deposit=12.5)
    home.extract("2026-03-01", *documents)
    books.now += timedelta(days=1)
    said = home.extract("2026-03-02", *documents)
    assert {name: landed["deleted"] for name, landed in said.items()} == dict.fromkeys(documents, 0)
    books.change(
        "Invoice", "40114", TotalAmt=1175, Line=books.kinds["Invoice"]["40114"]["Line"][1:3]
    )
    books.remove("Invoice", "40115")
    books.remove("CreditMemo", "999")
    books.change("Invoice", "40116", Deposit=0.0)
    books.put("Invoice", "80000", CustomerRef={"value": "10"}, TxnDate="2026-03-02", TotalAmt=7,
              Line=[{"Id": "1", "Amount": 7, "DetailType": "SalesItemLineDetail"}])  # fmt: skip
    said = home.extract("2026-03-03", *documents)
    _compare(home, books)
    assert (said["erp_invoices"]["deleted"], said["erp_invoice_lines"]["deleted"]) == (2, 3)
    # The deposit is no longer there, though its invoice is.
    assert "DEP-40116" not in dict(home.rows("erp_payments", "payment_id, amount"))
    asked = [call.query.get("query", "") for call in books.api.calls[-30:]]
    assert any(
        "from Invoice where MetaData.LastUpdatedTime >= '2026-03-01T16:00:00-00:00'" in text
        for text in asked
    )


def test_what_changes_between_two_requests_is_not_taken_for_deleted(
    home: Home, books: Books
) -> None:
    """The log of changes names what changed too: its lines come with the next night."""
    home.extract("2026-03-01", "erp_invoice_lines")
    books.now += timedelta(days=1)
    say = books.api.say

    def racing(call: Call) -> Answer | None:
        if call.query.get("entities") == "Invoice":
            books.change("Invoice", "40114")
        return say(call)

    books.api.say = racing
    said = home.extract("2026-03-03", "erp_invoice_lines")["erp_invoice_lines"]
    assert said["deleted"] == 0
    lines = home.rows("erp_invoice_lines", "invoice_line_id, invoice_id, net_amount")
    assert Counter(lines) == _rows_of_lines(books)


@pytest.mark.parametrize("is_removed", [False, True])
def test_what_comes_and_goes_while_it_is_read(home: Home, books: Books, is_removed: bool) -> None:
    """The number is asked for before and after, and what came may lie between the two."""
    say = books.api.say

    def racing(call: Call) -> Answer | None:
        found = say(call)
        if (
            "from CreditMemo" in call.query.get("query", "")
            and "startposition 9" in call.query["query"]
        ):
            if is_removed:
                books.kinds["CreditMemo"].pop("999")
            else:
                books.put("CreditMemo", "1", CustomerRef={"value": "10"}, TotalAmt=1,
                          TxnDate="2026-03-01", Line=[])  # fmt: skip
        return found

    books.api.say = racing
    home.extract("2026-03-01", "erp_invoices")
    assert len(home.rows("erp_invoices", "invoice_id")) == 18


def test_faults_of_quickbooks(home: Home, books: Books) -> None:
    throttled = Answer({"fault": {"error": [{"message": "ThrottleExceeded"}]}}, 429)
    books.api.after(3, throttled, Answer("oops", 503), throttled)
    home.extract("2026-03-01", "erp_invoices")
    assert len(home.rows("erp_invoices", "invoice_id")) == 18
    before = home.landing()
    # A page without the last of its rows.
    say = books.api.say

    def lossy(call: Call) -> Answer | None:
        found = say(call)
        rows = (found.body or {}).get("QueryResponse", {}).get("Invoice") if found else None
        if rows:
            rows.pop()
        return found

    home.text = home.text.replace("load: changes", "load: full").replace(
        "    reconcile_every_days: 7\n", ""
    )
    home.text = re.sub(r"\n      deleted: .*?(?=\n    -|\n\n|\n    #)", "", home.text, flags=re.S)
    books.api.say = lossy
    with pytest.raises(KeyaccountsError, match="the API promised 5 records and gave"):
        home.extract("2026-03-02", "erp_invoices")
    assert home.landing() == before
    books.api.say = say
    home.extract("2026-03-02", "erp_invoices")
    books.refresh = "revoked"
    books.left = 0
    with pytest.raises(ConfigurationError, match="invalid_grant; sign in again"):
        home.extract("2026-03-03", "erp_invoices")
