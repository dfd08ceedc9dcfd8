"""A JSON API of nobody in particular: each way to page, to sign in, and to promise a number."""

from __future__ import annotations

import base64
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from keyaccounts.cli import main
from keyaccounts.errors import ConfigurationError, KeyaccountsError, SourceRefusedError
from tests.sources.api import Answer, Api, Call
from tests.sources.rest_home import Home

SOURCES = """
systems:
  shop:
    kind: rest
    url: URL/v1
    retries: 3
  files: {kind: files, folder: files}
entities:
  erp_invoices: {from: files}
  erp_invoice_lines: {from: files}
  crm_accounts:
    from: shop
    path: /customers
    paging: none
    records: data.customers
    fields:
      account_id: id
      account_name: name
      credit_limit_amount: money.limit
      is_internal: flags.internal
      payment_terms_days: terms
"""
PAGINGS = {
    "page": "{type: page, param: page, size: 20, size_param: per_page}",
    "page-until": "{type: page, param: page, pages: meta.pages}",
    "offset": "{type: offset, param: skip, size: 20, size_param: take}",
    "offset-more": "{type: offset, param: skip, size: 20, size_param: take, more: meta.more}",
    "cursor": "{type: cursor, param: after, next: meta.after}",
    "link": "{type: link}",
    "next_url": "{type: next_url, next: meta.next}",
    "body": "{type: offset, param: page.skip, size: 20, size_param: page.take, in: body}",
    "placed": "{type: offset, size: 20, first: 1}",
}


def customer(number: int) -> dict[str, Any]:
    """Return a record of the API."""
    return {
        "id": f"C{number:03d}", "name": f"Firm {number}", "terms": number,
        "money": {"limit": 0.1 + number, "currency": "EUR"}, "flags": {"internal": number == 7},
    }  # fmt: skip


class Shop:
    """The API: customers by any paging, with a total."""

    def __init__(self, api: Api, count: int = 47, size: int = 20) -> None:
        self.api, self.size = api, size
        self.customers = [customer(number) for number in range(count)]
        self.total: Any = None
        api.say = self.say

    def say(self, call: Call) -> Answer | None:
        if call.path != "/v1/customers":
            return None
        first = self.first(call)
        rows = self.customers[first : first + self.size]
        then = first + self.size
        has_more = then < len(self.customers)
        meta: dict[str, Any] = {
            "pages": -(-len(self.customers) // self.size), "more": has_more,
            "after": f"t{then}" if has_more else None,
            "total": len(self.customers) if self.total is None else self.total,
        }  # fmt: skip
        url = f"{self.api.url}/v1/customers?start={then}"
        if has_more:
            meta["next"] = f"/v1/customers?start={then}"
        links = {"Link": f'<{url}>; rel="next", <{url}>; rel="last"'} if has_more else {}
        return Answer({"data": {"customers": rows}, "meta": meta}, headers=links)

    def first(self, call: Call) -> int:
        said = call.query
        if call.method == "POST":
            assert call.body["page"]["take"] == self.size
            return int(call.body["page"]["skip"])
        if "page" in said:
            return (int(said["page"]) - 1) * self.size
        if "q" in said:
            words = said["q"].split()
            assert words[:2] == ["from", "customers"]
            assert words[-2:] == ["top", "20"]
            return int(words[3]) - 1
        token = said.get("after", "t0").removeprefix("t")
        return int(said.get("skip") or said.get("start") or token)


@pytest.fixture
def shop(api: Api) -> Shop:
    return Shop(api)


@pytest.fixture
def home(api: Api, tmp_path: Path) -> Home:
    return Home(api, tmp_path, SOURCES)


def paged(text: str, style: str, more: str = "") -> str:
    """Return the sources with a way to page."""
    extra = {"body": "\n    body: {kind: all}",
             "placed": '\n    params: {q: "from customers at {offset} top {size}"}'}  # fmt: skip
    return text.replace("paging: none", f"paging: {PAGINGS[style]}{extra.get(style, '')}{more}")


NAMES = [(f"C{number:03d}",) for number in range(47)]


@pytest.mark.parametrize("style", PAGINGS)
def test_all_pages_come(home: Home, shop: Shop, style: str) -> None:
    home.text = paged(SOURCES, style, "\n    total: meta.total")
    landed = home.extract("2026-03-01", "crm_accounts")["crm_accounts"]
    assert (landed["rows"], landed["source_rows"], landed["quarantined"]) == (47, 47, 0)
    assert home.rows("crm_accounts", "account_id") == NAMES
    assert 3 <= len(shop.api.calls) <= 4
    if style == "page":
        assert shop.api.calls[0].query == {"page": "1", "per_page": "20"}
    if style == "body":
        assert shop.api.calls[1].body == {"kind": "all", "page": {"skip": 20, "take": 20}}


def test_values_keep_their_digits(home: Home, shop: Shop) -> None:
    # More than a float holds.
    digits = b"9007199254740993.10"
    said = b'{"id": 900719925474099267, "name": "X", "money": {"limit": %b}, "terms": 3e1}'
    raw = b'{"data": {"customers": [' + said % digits + b"]}}"
    shop.api.say = lambda _: Answer(raw=raw)
    home.extract("2026-03-01", "crm_accounts")
    assert home.rows("crm_accounts", "account_id, credit_limit_amount, payment_terms_days") == [
        ("900719925474099267", Decimal(digits.decode()), 30)
    ]


def test_one_request_without_paging(home: Home, shop: Shop) -> None:
    shop.size = 100
    home.extract("2026-03-01", "crm_accounts")
    assert len(home.rows("crm_accounts", "account_id")) == 47
    found = home.rows("crm_accounts", "account_id, credit_limit_amount, is_internal")
    assert found[6:8] == [("C006", Decimal("6.10"), False), ("C007", Decimal("7.10"), True)]
    assert [call.query for call in shop.api.calls] == [{}]


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        ("{type: api_key, secret_env: SHOP_SECRET}", {"x-api-key": "s3/cret"}),
        ("{type: api_key, name: Key, secret_env: SHOP_SECRET}", {"key": "s3/cret"}),
        ("{type: api_key, in: query, name: k, secret_env: SHOP_SECRET}", {"k": "s3/cret"}),
        ("{type: bearer, secret_env: SHOP_SECRET}", {"authorization": "Bearer s3/cret"}),
        ("{type: basic, login_env: SHOP_LOGIN, secret_env: SHOP_SECRET}",
         {"authorization": "Basic " + base64.b64encode(b"me:s3/cret").decode()}),
    ],
)  # fmt: skip
def test_a_sign_in_by_environment(
    home: Home, shop: Shop, monkeypatch: pytest.MonkeyPatch, auth: str, expected: dict[str, str]
) -> None:
    monkeypatch.setenv("SHOP_SECRET", "s3/cret")
    monkeypatch.setenv("SHOP_LOGIN", "me")
    home.text = paged(SOURCES, "next_url").replace("retries: 3", f"auth: {auth}")
    home.extract("2026-03-01", "crm_accounts")
    assert len(shop.api.calls) == 3
    for call in shop.api.calls:
        assert expected.items() <= {**call.headers, **call.query}.items()


@pytest.mark.parametrize("is_json", [False, True])
def test_a_sign_in_by_connection(
    home: Home, shop: Shop, monkeypatch: pytest.MonkeyPatch, is_json: bool
) -> None:
    address = f"http://me:s3%2Fcret@127.0.0.1:{shop.api.port}/v1"
    if is_json:
        address = (
            '{"conn_type": "http", "host": "127.0.0.1/v1", "login": "me", "password": "s3/cret", '
            f'"port": {shop.api.port}, "schema": "http"}}'
        )
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", address)
    home.text = (
        paged(SOURCES, "cursor").replace("url: URL/v1", "connection: shop")
        .replace("retries: 3", "auth: {type: basic}")
    )  # fmt: skip
    home.extract("2026-03-01", "crm_accounts")
    expected = "Basic " + base64.b64encode(b"me:s3/cret").decode()
    assert {call.headers["authorization"] for call in shop.api.calls} == {expected}
    assert len(home.rows("crm_accounts", "account_id")) == 47


OAUTH = """auth:
      type: oauth2
      token_url: /token
      login_env: SHOP_LOGIN
      secret_env: SHOP_SECRET
"""


class Gate:
    """A server of tokens: each is good for so many requests."""

    def __init__(self, shop: Shop, monkeypatch: pytest.MonkeyPatch, good_for: int = 2) -> None:
        self.shop, self.good_for = shop, good_for
        self.issued: list[dict[str, str]] = []
        self.used = 0
        self.refresh = "r0"
        shop.api.say = self.say
        monkeypatch.setenv("SHOP_LOGIN", "client")
        monkeypatch.setenv("SHOP_SECRET", "s3/cret")
        monkeypatch.setenv("SHOP_REFRESH", "r0")

    def say(self, call: Call) -> Answer | None:
        if call.path == "/v1/token":
            return self.token(call)
        if call.headers.get("authorization") != f"Bearer t{len(self.issued)}":
            return Answer({"message": "expired"}, 401)
        self.used += 1
        if self.used > self.good_for:
            return Answer({"message": "expired"}, 401)
        return self.shop.say(call)

    def token(self, call: Call) -> Answer:
        form = dict(call.body)
        if call.headers.get("authorization"):
            pair = base64.b64decode(call.headers["authorization"].split()[1]).decode()
            form |= dict(zip(("client_id", "client_secret"), pair.split(":"), strict=True))
        is_known = (form["client_id"], form["client_secret"]) == ("client", "s3/cret")
        is_fresh = form.get("refresh_token", self.refresh) == self.refresh
        if not (is_known and is_fresh):
            return Answer({"error": "invalid_grant"}, 400)
        self.issued.append(form)
        self.used = 0
        said = {"access_token": f"t{len(self.issued)}", "expires_in": 3600}
        if "refresh_token" in form:
            self.refresh = f"r{len(self.issued)}"
            said["refresh_token"] = self.refresh
        return Answer(said)


@pytest.mark.parametrize("client", ["body", "header"])
def test_a_token_that_ends_between_pages_is_renewed(
    home: Home, shop: Shop, monkeypatch: pytest.MonkeyPatch, client: str
) -> None:
    gate = Gate(shop, monkeypatch)
    more = f"      client: {client}\n      token_params: {{scope: read}}"
    home.text = paged(SOURCES, "offset", "\n    total: meta.total").replace(
        "retries: 3", OAUTH + more
    )
    home.extract("2026-03-01", "crm_accounts")
    assert home.rows("crm_accounts", "account_id") == NAMES
    assert len(gate.issued) == 2
    assert gate.issued[0]["grant_type"] == "client_credentials"
    assert gate.issued[0]["scope"] == "read"


def test_a_refresh_token_that_changes_is_kept(
    home: Home, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(shop, monkeypatch)
    more = (
        "      grant: refresh_token\n      refresh_token_env: SHOP_REFRESH\n"
        "      token_file: shop.token\n"
    )
    home.text = paged(SOURCES, "offset").replace("retries: 3", OAUTH + more)
    for day in ("2026-03-01", "2026-03-02"):
        home.extract(day, "crm_accounts")
    assert [form["refresh_token"] for form in gate.issued] == ["r0", "r1", "r2", "r3"]
    assert home.rows("crm_accounts", "account_id") == NAMES
    file = home.folder / "shop.token"
    assert (file.stat().st_mode & 0o777, "r4" in file.read_text()) == (0o600, True)
    # Signed in anew: what was kept of the old sign-in is no use.
    gate.refresh = "new"
    monkeypatch.setenv("SHOP_REFRESH", "new")
    home.extract("2026-03-03", "crm_accounts")
    assert gate.issued[-2]["refresh_token"] == "new"


def test_a_token_that_is_refused_is_told(
    home: Home, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    Gate(shop, monkeypatch)
    monkeypatch.setenv("SHOP_SECRET", "wr0ng")
    home.text = paged(SOURCES, "offset").replace("retries: 3", OAUTH)
    with pytest.raises(ConfigurationError) as refused:
        home.extract("2026-03-01", "crm_accounts")
    assert "line 3: system shop" in str(refused.value)
    assert "refuses to sign in (400): invalid_grant" in str(refused.value)
    assert "wr0ng" not in str(refused.value)


def test_a_secret_that_is_missing_is_named(home: Home, shop: Shop) -> None:
    home.text = SOURCES.replace("retries: 3", "auth: {type: bearer, secret_env: SHOP_NOTHING}")
    with pytest.raises(ConfigurationError, match="SHOP_NOTHING is not set"):
        home.extract("2026-03-01", "crm_accounts")
    home.text = SOURCES.replace("retries: 3", "auth: {type: bearer}")
    with pytest.raises(ConfigurationError, match="no secret_env is named"):
        home.extract("2026-03-01", "crm_accounts")


def test_the_sign_in_is_told_to_no_other_host(
    home: Home, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_SECRET", "s3/cret")
    home.text = paged(SOURCES, "next_url").replace(
        "retries: 3", "auth: {type: bearer, secret_env: SHOP_SECRET}"
    )
    other = f"http://localhost:{shop.api.port}/v1/customers?start=20"
    body = {"data": {"customers": [customer(1)]}, "meta": {"next": other}}
    shop.api.after(0, Answer(body))
    with pytest.raises(ConfigurationError, match="points to http://localhost"):
        home.extract("2026-03-01", "crm_accounts")
    assert len(shop.api.calls) == 1


def test_what_is_no_api_of_ours_says_nothing_to_anybody(home: Home, shop: Shop) -> None:
    from dlt.common.runtime import telemetry

    home.extract("2026-03-01", "crm_accounts")
    assert telemetry._TELEMETRY_STARTED is False


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note how long would have been waited."""
    found: list[float] = []
    clock = [1000.0]

    def sleep(seconds: float) -> None:
        found.append(seconds)
        clock[0] += seconds

    from keyaccounts.sources import rest_session

    monkeypatch.setattr(rest_session, "FIRST_WAIT", 1.0)
    monkeypatch.setattr(rest_session, "LONGEST_WAIT", 60.0)
    monkeypatch.setattr("tenacity.nap.time.sleep", sleep)
    monkeypatch.setattr(rest_session.time, "monotonic", lambda: clock[0])
    return found


def test_the_pace_is_kept(home: Home, shop: Shop, slept: list[float]) -> None:
    home.text = paged(SOURCES, "page").replace("retries: 3", "rate_limit: 4")
    home.extract("2026-03-01", "crm_accounts")
    assert len(shop.api.calls) == 4
    assert slept == [0.25] * 3


def test_retries_wait_as_the_server_asks(home: Home, shop: Shop, slept: list[float]) -> None:
    home.text = paged(SOURCES, "page")
    busy = Answer({"message": "slow down"}, 429, {"Retry-After": "7"})
    shop.api.after(1, busy, Answer("oops", 503), Answer("oops", 500))
    home.extract("2026-03-01", "crm_accounts")
    assert home.rows("crm_accounts", "account_id") == NAMES
    assert slept[0] == 7
    assert slept[1:] == [2, 4]
    shop.api.after(1, Answer("busy", 429, {"Retry-After": "86400"}))
    slept.clear()
    home.extract("2026-03-02", "crm_accounts")
    assert slept == [60]


def test_check_and_preview(home: Home, shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    (home.folder / "files").mkdir()
    for name in ("erp_invoices", "erp_invoice_lines"):
        (home.folder / f"files/{name}.csv").write_text(
            "invoice_id,account_id,document_type,invoice_date,gross_amount,invoice_line_id,"
            "net_amount\n", "utf-8",
        )  # fmt: skip
    home.text = paged(SOURCES, "page", "\n    total: meta.total").replace(": terms", ": terms.days")
    file = str(home.settings.sources)
    assert main(["sources", "check", "--sources", file]) == 0
    out = capsys.readouterr().out
    assert "crm_accounts: full from shop, 5 of " in out
    assert "line 22: payment_terms_days is null in the first 47 rows" in out
    shop.customers[3]["name"] = None
    shop.customers[4]["flags"] = {"internal": "maybe"}
    assert main(["sources", "preview", "crm_accounts", "--rows", "2", "--sources", file]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["C000", "Firm", "0", "False", "0.10"]
    assert "47 rows looked at: 46 would land, 1 be held back" in lines
    assert "  column is_internal: 1 values would become null" in lines


def test_an_object_in_place_of_a_value_is_refused(home: Home, shop: Shop) -> None:
    home.text = paged(SOURCES, "page").replace("money.limit", "money")
    with pytest.raises(SourceRefusedError) as refused:
        home.extract("2026-03-01", "crm_accounts")
    assert 'line 19: crm_accounts in shop is refused: money is an object, no value ({"limit"' in (
        str(refused.value)
    )
    assert home.landing() == []


def test_a_wrong_path_is_told(home: Home, shop: Shop) -> None:
    home.text = SOURCES.replace("/customers", "/customer")
    with pytest.raises(ConfigurationError) as refused:
        home.extract("2026-03-01", "crm_accounts")
    assert "line 13: crm_accounts in shop: page 1: system shop answers 404 to /v1/customer" in (
        str(refused.value)
    )
    home.text = SOURCES.replace("data.customers", "rows.customers")
    with pytest.raises(ConfigurationError, match=r"no rows.customers; it has data, meta"):
        home.extract("2026-03-01", "crm_accounts")


def test_a_server_that_is_not_there_is_told(home: Home, shop: Shop, tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    home.text = SOURCES.replace("URL", f"http://127.0.0.1:{port}")
    with pytest.raises(KeyaccountsError, match="the connection to system shop broke at page 1"):
        home.extract("2026-03-01", "crm_accounts")


def test_a_long_answer_takes_no_memory(home: Home, shop: Shop) -> None:
    """One page is held at a time, and what was read goes on in batches."""
    from keyaccounts.sources import rest

    shop.customers = [customer(number) for number in range(1000)]
    home.text = paged(SOURCES, "page")
    seen: list[int] = []
    calls = shop.api.calls

    from keyaccounts.sources.config import load_sources
    from keyaccounts.sources.connect import Systems

    assert home.settings.sources is not None
    mapping = load_sources(home.settings.sources).mapping("crm_accounts")
    rest_rows = rest.BATCH_ROWS
    rest.BATCH_ROWS = 100
    try:
        with (
            Systems() as systems,
            systems.source(mapping.system) as source,
            source.batches(mapping, ["account_id"]) as reader,
        ):
            for batch in reader:
                seen.append(batch.num_rows)
                assert len(calls) <= len(seen) * 5 + 1
    finally:
        rest.BATCH_ROWS = rest_rows
    assert seen == [100] * 10


def test_what_changes_its_type_is_refused(home: Home, shop: Shop) -> None:
    """An optional column that no longer parses would be null everywhere, and nobody see it."""
    home.text = paged(SOURCES, "page")
    home.extract("2026-03-01", "crm_accounts")
    before = home.landing()
    for one in shop.customers:
        one["terms"] = f"net {one['terms']}"
    with pytest.raises(SourceRefusedError) as refused:
        home.extract("2026-03-02", "crm_accounts")
    assert "line 21: crm_accounts in shop is refused: no value of column payment_terms_days" in (
        str(refused.value)
    )
    assert home.landing() == before
    shop.customers[0]["terms"] = 30
    said = home.extract("2026-03-02", "crm_accounts")["crm_accounts"]
    assert said["nulled"] == {"payment_terms_days": 46}


def test_what_is_no_longer_there_is_told(home: Home, shop: Shop) -> None:
    home.text = paged(SOURCES, "page")
    home.extract("2026-03-01", "crm_accounts")
    for one in shop.customers:
        del one["terms"]
        one["color"] = "red"
    said = home.extract("2026-03-02", "crm_accounts")["crm_accounts"]
    note = "column payment_terms_days is null in all rows now, sources.yml line 21"
    assert said["notes"] == [note]
    # It is told once, and what comes back needs no word.
    assert home.extract("2026-03-03", "crm_accounts")["crm_accounts"]["notes"] == []
    for one in shop.customers:
        del one["name"]
    with pytest.raises(SourceRefusedError, match="47 of 47 rows break the contract"):
        home.extract("2026-03-04", "crm_accounts")
