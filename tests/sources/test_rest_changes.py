"""What moved at an API and what is gone there: windows, comparison of keys, feeds of deletions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from keyaccounts.cli import main
from keyaccounts.errors import KeyaccountsError
from tests.sources.api import Answer, Api, Call
from tests.sources.rest_home import Home

SOURCES = """
systems:
  shop:
    kind: rest
    url: URL
    paging: {type: offset, param: skip, size: 20, size_param: take}
    total: total
    zone: Europe/Berlin
  files: {kind: files, folder: files}
entities:
  crm_accounts: {from: files}
  erp_invoices:
    from: shop
    load: incremental
    look_back: 6 hours
    path: /documents
    records: rows
    params: {sort: id, only: "{fields}"}
    since:
      params: {modified_since: "{start}"}
    fields:
      invoice_id: "D-{no}"
      account_id: customer.id
      document_type: {path: kind, values: {R: invoice, G: credit_note}}
      invoice_date: {path: at, zone: Asia/Tokyo}
      due_date: {path: due, epoch: ms, zone: UTC}
      gross_amount: {path: cents, times: 1/100}
      status: {path: state, value: posted}
      updated_at: modified
  erp_invoice_lines:
    from: shop
    load: changes
    look_back: 6 hours
    path: /documents
    records: rows
    each: lines
    parent: invoice_id
    since: {params: {modified_since: "{start}"}}
    deleted:
      path: /removed
      records: removed
      paging: none
      total: null
      params: {modified_since: "{start:ms}"}
      fields: {updated_at: {path: $.gone_at, epoch: s}}
    fields:
      invoice_line_id: "{$.no}-{n}"
      invoice_id: "D-{$.no}"
      product_id: sku
      net_amount: {path: cents, times: 1/100}
      updated_at: $.modified
"""
DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Ledger:
    """Documents with lines that change day by day."""

    def __init__(self, api: Api) -> None:
        self.documents: dict[int, dict[str, Any]] = {}
        self.removed: list[dict[str, Any]] = []
        self.api = api
        self.now = DAY
        for number in range(1, 51):
            self.write(number)
        api.say = self.say

    def write(self, number: int, cents: int = 1000, lines: int = 2, **more: Any) -> None:
        moment = self.now.astimezone(UTC).replace(tzinfo=None)
        self.documents[number] = {
            "no": number, "customer": {"id": "A"}, "kind": "R", "at": "2026-02-27T20:00:00+0000",
            "due": 1772582399000, "cents": cents,
            "lines": [{"n": n, "sku": f"S{n}", "cents": cents // lines} for n in range(lines)],
            # Local time, without an offset.
            "modified": (moment + timedelta(hours=1)).isoformat(), **more,
        }  # fmt: skip

    def remove(self, number: int) -> None:
        del self.documents[number]
        self.removed.append({"no": number, "gone_at": int(self.now.timestamp())})

    def say(self, call: Call) -> Answer | None:
        since = call.query.get("modified_since")
        if call.path == "/removed":
            floor = int(since or 0) / 1000
            return Answer({"removed": [r for r in self.removed if r["gone_at"] >= floor]})
        if call.path != "/documents":
            return None
        rows = [self.documents[number] for number in sorted(self.documents)]
        if since is not None:
            moment = datetime.fromisoformat(since).replace(tzinfo=None) + timedelta(hours=1)
            rows = [r for r in rows if datetime.fromisoformat(r["modified"]) >= moment]
        skip, take = int(call.query["skip"]), int(call.query["take"])
        return Answer({"rows": rows[skip : skip + take], "total": len(rows)})

    def expected(self) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        documents = sorted((f"D-{no}", d["cents"] / 100) for no, d in self.documents.items())
        lines = [
            (f"{no}-{line['n']}", f"D-{no}", line["cents"] / 100)
            for no, document in self.documents.items() for line in document["lines"]
        ]  # fmt: skip
        return documents, sorted(lines)


@pytest.fixture
def ledger(api: Api) -> Ledger:
    return Ledger(api)


@pytest.fixture
def home(api: Api, tmp_path: Path) -> Home:
    return Home(api, tmp_path, SOURCES)


def night(home: Home, ledger: Ledger) -> dict[str, Any]:
    """Extract at the end of the day, compare what landed with the API, and let a day pass."""
    ledger.api.calls.clear()
    said = home.extract(str(ledger.now.date()), "erp_invoices", "erp_invoice_lines")
    documents = home.rows("erp_invoices", "invoice_id, gross_amount")
    lines = home.rows("erp_invoice_lines", "invoice_line_id, invoice_id, net_amount")
    found = (
        [(key, float(amount)) for key, amount in documents],
        [(key, document, float(amount)) for key, document, amount in lines],
    )
    assert found == ledger.expected()
    ledger.now += timedelta(days=1)
    return said


def test_the_landing_follows_the_api_night_after_night(home: Home, ledger: Ledger) -> None:
    said = night(home, ledger)
    assert (said["erp_invoices"]["rows"], said["erp_invoice_lines"]["rows"]) == (50, 100)
    # The second night reads what moved, and keys; nothing has.
    said = night(home, ledger)
    assert [landed["rows"] for landed in said.values()] == [0, 0]
    ledger.write(3, 5000)
    ledger.write(60, 7000, lines=4)
    ledger.write(4, 1000, lines=1)
    ledger.remove(5)
    said = night(home, ledger)
    assert (said["erp_invoices"]["rows"], said["erp_invoices"]["deleted"]) == (4, 1)
    # Two lines of a removed document, one of a document that has fewer now.
    assert said["erp_invoice_lines"]["deleted"] == 3
    ledger.write(6, 1000, lines=1)
    ledger.write(6, 1000, lines=3)
    ledger.write(7, 0, lines=1)
    ledger.documents[7]["lines"] = []
    night(home, ledger)
    # A removed one that comes back.
    ledger.write(5, 800)
    night(home, ledger)
    said = night(home, ledger)
    assert [landed["rows"] for landed in said.values()] == [0, 0]


def test_values_are_shaped_as_told(home: Home, ledger: Ledger) -> None:
    ledger.write(1, 12345, kind="G", state="void", lines=1)
    ledger.documents[1]["cents"] = -12345
    home.extract("2026-03-01", "erp_invoices")
    found = home.rows(
        "erp_invoices", "invoice_id, document_type, cast(invoice_date as varchar), "
        "cast(due_date as varchar), cast(gross_amount as varchar), status, "
        "cast(updated_at as varchar)", "invoice_id",
    )  # fmt: skip
    assert found[0] == (
        "D-1", "credit_note", "2026-02-28", "2026-03-03", "-123.45", "void", "2026-03-01 12:00:00",
    )  # fmt: skip
    assert found[1][5] == "posted"


def test_a_window_asks_for_what_moved_and_keys_for_little(home: Home, ledger: Ledger) -> None:
    night(home, ledger)
    night(home, ledger)
    asked = [call.query for call in ledger.api.calls if call.path == "/documents"]
    keys = [said for said in asked if said.get("only") == "no,modified"]
    assert [said["skip"] for said in keys] == ["0", "20", "40", "60"]
    moved = {said["modified_since"] for said in asked if "modified_since" in said}
    # From the end of the day before, in the time zone of the business, less the look-back.
    assert moved == {"2026-03-01T10:00:00Z"}
    [gone] = [call.query["modified_since"] for call in ledger.api.calls if call.path == "/removed"]
    assert gone == str(int(datetime(2026, 3, 1, 10, tzinfo=UTC).timestamp()) * 1000)


def test_a_late_change_is_found_by_its_key(home: Home, ledger: Ledger) -> None:
    night(home, ledger)
    night(home, ledger)
    night(home, ledger)
    ledger.now -= timedelta(days=2)
    ledger.write(9, 4400)
    ledger.now += timedelta(days=2)
    said = home.extract(str(ledger.now.date()), "erp_invoices")["erp_invoices"]
    assert said["rows"] == 1
    assert any("rows changed before the look-back" in note for note in said["notes"])


def test_a_deletion_that_no_feed_tells_is_found_by_reading_all(home: Home, ledger: Ledger) -> None:
    home.text = SOURCES.replace("load: changes", "load: changes\n    reconcile_every_days: 1")
    night(home, ledger)
    del ledger.documents[8]
    said = night(home, ledger)["erp_invoice_lines"]
    assert "compared with all rows of the source" in said["notes"]


def test_a_window_that_holds_too_much_is_read_whole(home: Home, ledger: Ledger) -> None:
    home.text = SOURCES.replace("since:\n", "since:\n      most: 5\n")
    night(home, ledger)
    for number in range(1, 31):
        ledger.write(number, 3000)
    night(home, ledger)
    asked = [call.query for call in ledger.api.calls if call.query.get("only", "").count(",") > 3]
    assert ["modified_since" in said for said in asked] == [True, False, False, False, False]


def test_a_broken_window_is_read_again(home: Home, ledger: Ledger) -> None:
    night(home, ledger)
    for number in range(1, 31):
        ledger.write(number, 3000)
    before = home.landing()
    for good in range(3):
        ledger.api.after(good, *[Answer("no", 500)] * 6)
        with pytest.raises(KeyaccountsError, match="answers 500 6 times"):
            home.extract(str(ledger.now.date()), "erp_invoice_lines")
        assert home.landing() == before
    ledger.api.faults.clear()
    night(home, ledger)


def test_another_mapping_reads_all_again(home: Home, ledger: Ledger) -> None:
    night(home, ledger)
    home.text = "# A line more changes nothing.\n" + SOURCES
    said = night(home, ledger)
    assert [landed["notes"] for landed in said.values()] == [[], []]
    home.text = SOURCES.replace('"{$.no}-{n}"', '"{$.no}/{n}"')
    said = home.extract(str(ledger.now.date()), "erp_invoice_lines")["erp_invoice_lines"]
    assert said["notes"][0].startswith("the mapping or its columns changed")
    assert home.rows("erp_invoice_lines", "invoice_line_id")[0] == ("1/0",)


def test_check_tries_a_window_too(
    home: Home, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    (home.folder / "files").mkdir()
    (home.folder / "files/crm_accounts.csv").write_text("account_id,account_name\nA,F\n", "utf-8")
    file = str(home.settings.sources)
    assert main(["sources", "check", "--sources", file]) == 0
    out = capsys.readouterr().out
    assert "erp_invoices: incremental from shop, 8 of " in out
    assert out.count("0 rows changed within a day") == 2
    home.text = home.text.replace("path: /removed", "path: /remove")
    assert main(["sources", "check", "--sources", str(home.settings.sources)]) == 2
    assert "answers 404 to /remove" in capsys.readouterr().err
    assert main(["sources", "preview", "erp_invoice_lines", "--sources", file]) == 0
    assert "100 rows looked at: 100 would land, 0 be held back" in capsys.readouterr().out
