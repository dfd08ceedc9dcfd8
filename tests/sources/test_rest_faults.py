"""Faults of an API: nothing half lands, the message says what happened, the next run mends it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keyaccounts.cli import main
from keyaccounts.errors import ConfigurationError
from keyaccounts.sources.config import load_sources
from tests.sources.api import Answer, Api, Call
from tests.sources.rest_home import Home
from tests.sources.test_rest import NAMES, SOURCES, Shop, customer, paged

TOTAL = "\n    total: meta.total"


@pytest.fixture
def shop(api: Api) -> Shop:
    return Shop(api)


@pytest.fixture
def home(api: Api, tmp_path: Path) -> Home:
    return Home(api, tmp_path, paged(SOURCES, "offset", TOTAL))


def extract(home: Home, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run the command and return its exit code and what it said on standard error."""
    settings = home.settings
    code = main(
        ["extract", "--home", str(settings.home), "--sources", str(settings.sources),
         "--as-of", "2026-03-02", "--entity", "crm_accounts"]
    )  # fmt: skip
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return code, said


def page(*numbers: int, total: int = 47) -> Answer:
    """Return a page of the API with these customers."""
    meta = {"total": total, "more": True}
    return Answer({"data": {"customers": [customer(n) for n in numbers]}, "meta": meta})


FIRST = range(20)
HTML = Answer(
    raw=b"<!doctype html><html><body>Down for maintenance</body></html>",
    headers={"Content-Type": "text/html; charset=utf-8"},
)


@pytest.mark.parametrize(
    ("good", "faults", "code", "said"),
    [
        (1, [page(*range(20, 40))] * 4 and [Answer({"x": "y" * 9000}, cut=500)] * 4, 5,
         "the connection to system shop broke at page 2"),
        (1, [Answer("oops", 503)] * 4, 5, "page 2: system shop answers 503 4 times. Nothing of it"),
        (0, [Answer({"m": "slow"}, 429)] * 4, 5, "answers 429 (too many requests) 4 times"),
        (1, [page(*FIRST)], 5, "page 2 repeats page 1; nothing of it landed. Run again"),
        (1, [page()], 5, "promised 47 records and gave 20 in 1 pages: a page was lost or repeated"),
        (1, [page(*range(25, 45)), page(*range(45, 47)), page()], 5,
         "promised 47 records and gave 42 in 3 pages: a page was lost"),
        # As many as promised, but some twice.
        (1, [page(*range(15, 35)), page(*range(40, 47)), page()], 5,
         "promised 47 records and gave 47, 5 of them twice"),
        (1, [Answer(raw=b'{"data": {"customers": [{"id": "C0')], 5,
         "page 2 cannot be read as JSON (application/json, Unterminated string"),
        (0, [Answer(raw=b'{"data": {"customers": [{"id": NaN}]}}')], 5, "NaN is no number"),
        (1, [HTML], 5, "page 2 is HTML (text/html"),
        (0, [Answer({"message": "key is wr0ng"}, 401)], 2, "it does not take the sign-in (none)"),
        (0, [Answer({"message": "no"}, 403)], 2, "or the user may not read this"),
        (0, [Answer({"message": "bad filter"}, 400)], 2, 'to /v1/customers: {"message": "bad fil'),
        # An error with the status of a success.
        (1, [Answer({"error": "timeout", "code": 7})], 5, "has no data.customers; it has error"),
        (1, [Answer({"data": {"customers": {"error": "timeout"}}, "meta": {}})], 5,
         "page 2: data.customers is no list of records: {'error': 'timeout'}"),
        (0, [Answer({"error": "no such"})], 2, "page 1: the answer has no data.customers"),
        (1, [Answer(["not", "that"])], 5, "the answer has no data.customers; it has list"),
    ],
    ids=[
        "cut", "500", "429", "repeats", "empty", "lost", "shifted", "torn", "nan", "html", "401",
        "403", "400", "error-200", "error-object", "wrong", "list",
    ],
)  # fmt: skip
def test_no_half_load(
    home: Home, shop: Shop, capsys: pytest.CaptureFixture[str], good: int, faults: list[Answer],
    code: int, said: str,
) -> None:  # fmt: skip
    shop.api.after(good, *faults)
    found, message = extract(home, capsys)
    assert (found, said in message) == (code, True), message
    assert "sources.yml line 13: crm_accounts in shop" in message
    assert home.landing() == []
    # The next run mends it.
    shop.api.faults.clear()
    assert extract(home, capsys) == (0, "")
    assert home.rows("crm_accounts", "account_id") == NAMES


@pytest.mark.parametrize(
    "faults",
    [
        [Answer("oops", 500), Answer("oops", 502), Answer({"m": "slow"}, 429)],
        [Answer({"x": "y" * 9000}, cut=500), Answer({"x": 1}, cut=0)],
    ],
    ids=["500", "cut"],
)
def test_what_passes_is_tried_again(
    home: Home, shop: Shop, capsys: pytest.CaptureFixture[str], faults: list[Answer]
) -> None:
    shop.api.after(1, *faults)
    assert extract(home, capsys) == (0, "")
    assert home.rows("crm_accounts", "account_id") == NAMES


def test_rows_that_come_and_go_between_pages_are_allowed(
    home: Home, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """The promise moves with the source: what comes lies between its least and its most."""

    def grow(_: Call) -> None:
        shop.customers.append(customer(47))

    shop.api.after(2, grow)
    assert extract(home, capsys) == (0, "")
    assert len(home.rows("crm_accounts", "account_id")) == 48


@pytest.mark.parametrize("style", ["page", "cursor", "link", "next_url"])
def test_a_page_that_repeats_without_a_promise(
    home: Home, shop: Shop, capsys: pytest.CaptureFixture[str], style: str
) -> None:
    """An API that does not heed what paging says would go on for ever."""
    home.text = paged(SOURCES, style)
    say = shop.api.say
    shop.api.say = lambda call: say(Call(**{**call.__dict__, "query": {}}))
    shop.first = lambda _: 0  # type: ignore[method-assign]
    code, said = extract(home, capsys)
    assert (code, "page 2 repeats page 1" in said) == (5, True), said
    assert home.landing() == []


def test_a_cursor_that_goes_in_circles(
    home: Home, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each page has rows of its own, or none; the token of the next one was there before."""
    home.text = paged(SOURCES, "cursor")
    number = iter(range(1000))

    def say(_: Call) -> Answer:
        rows = [customer(next(number))]
        return Answer({"data": {"customers": rows}, "meta": {"after": "t1"}})

    shop.api.say = say
    code, said = extract(home, capsys)
    assert (code, "page 2 repeats page 1" in said) == (5, True), said


def test_an_error_in_place_of_a_list(
    home: Home, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the answer itself is the list, an object is none: it would end the pages."""
    home.text = paged(SOURCES, "link").replace("data.customers", "$")
    say = shop.api.say

    def bare(call: Call) -> Answer | None:
        found = say(call)
        return found and Answer(found.body["data"]["customers"], headers=found.headers)

    shop.api.say = bare
    assert extract(home, capsys) == (0, "")
    assert home.rows("crm_accounts", "account_id") == NAMES
    shop.api.after(1, Answer({"message": "try later"}))
    code, said = extract(home, capsys)
    assert (code, "$ is no list of records: {'message': 'try later'}" in said) == (5, True), said


def test_a_promise_that_never_comes_is_told(
    home: Home, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    home.text = home.text.replace("meta.total", "meta.count")
    code, said = extract(home, capsys)
    assert (code, "no answer has the total meta.count" in said) == (2, True), said
    home.text = home.text.replace("meta.count", "data.customers")
    code, said = extract(home, capsys)
    assert (code, "no whole number" in said) == (2, True), said


def test_all_rows_gone_has_to_be_confirmed(
    home: Home, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    home.extract("2026-03-01", "crm_accounts")
    shop.customers = []
    code, said = extract(home, capsys)
    assert (code, "the source has no row, load 1 had some" in said) == (3, True)
    home.extract("2026-03-02", "crm_accounts", allow_empty=frozenset({"crm_accounts"}))
    assert home.rows("crm_accounts", "account_id") == []


def test_no_message_says_a_secret(
    home: Home, shop: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_SECRET", "s3cret")
    auth = "auth: {type: api_key, in: query, name: k, secret_env: SHOP_SECRET}\n    retries: 0"
    home.text = home.text.replace("retries: 3", auth)
    for fault in (Answer({"message": "s3cret is wrong"}, 401), Answer(raw=b"x", cut=0),
                  Answer(f"s3cret {'x' * 9}", 500), Answer("no s3cret", 404)):  # fmt: skip
        shop.api.after(0, fault)
        code, said = extract(home, capsys)
        assert (code in {2, 5}, "s3cret" in said) == (True, False)
    shop.api.after(0, Answer({}, 302, {"Location": "http://127.0.0.1:9/v1?k=s3cret"}))
    code, said = extract(home, capsys)
    assert (code, "s3cret" in said) == (2, False)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    retries: 3", "    retires: 3", "line 6: retires is no key of systems.shop; retries?"),
        ("    retries: 3", "    auth: {type: bearer, token: abc}",
         "; credentials come by connection or url_env, or a variable that secret_env names"),
        ("    retries: 3", "    auth: {type: bearer, login_env: X}",
         "line 6: login_env is for auth of type basic or oauth2"),
        ("    retries: 3", "    auth: {type: oauth2}", "line 6: auth of type oauth2 needs a token"),
        ("    retries: 3", "    auth: {type: oauth2, token_url: /t, token_file: x}",
         "line 6: token_file is for grant: refresh_token"),
        ("    retries: 3", "    params: {api_key: abc}", "line 6: api_key may be a secret"),
        ("    retries: 3", "    headers:\n      Authorization: abc",
         "line 7: Authorization may be a secret"),
        ("    retries: 3", "    statement_timeout: 3", "line 6: statement_timeout is for kind pos"),
        ("url: URL/v1", "url: ftp://x", "line 5: url must be like https://api"),
        ("url: URL/v1", "url: http://me:secret@x", "line 5: the address must not carry a password"),
        ("kind: rest", "kind: sql", "line 6: retries is for a system of kind rest"),
        ("    paging: none\n", "", "line 11: crm_accounts has no paging (paging: none where"),
        ("    paging: none\n", "    paging: {type: offset, param: o}\n",
         "line 14: paging by offset needs size"),
        ("    paging: none\n", "    paging: {type: page}\n",
         "line 14: paging by page needs param, or {page} in params or body"),
        ("    paging: none\n", "    paging: {type: pages}\n", "line 14: entities.crm_accounts.pag"),
        ("    paging: none\n", "    paging: {type: cursor, param: a, next: 'a..[b'}\n",
         "line 14: a..[b is no JSONPath"),
        ("    records: data.customers", "    records: 'data['", "line 15: data[ is no JSONPath"),
        ("      account_name: name\n", "", "line 16: fields of crm_accounts lack account_name"),
        ("      account_name: name\n", "      account_nme: name\n",
         "line 18: account_nme is no column of crm_accounts in the contract; account_name?"),
        ("account_name: name", "account_name: {values: {A: B}}", "line 18: account_name needs a"),
        ("account_name: name", "account_name: {path: a, zone: Berlin}", "line 18: Berlin is no ti"),
        ("account_name: name", "account_name: {path: a, times: 1.5}", "line 18: entities.crm_acc"),
        ("    path: /customers", "    path: /customers\n    load: incremental",
         "line 17: fields of crm_accounts lack updated_at; load: incremental needs it"),
        ("    path: /customers", "    path: /customers\n    load: incremental",
         "line 11: load: incremental needs {start} in what since says"),
        ("    path: /customers", "    path: /customers\n    load: changes",
         "line 14: load: changes needs deleted, or is_deleted among the fields"),
        ("    path: /customers", "    path: /customers\n    since: {path: /x}",
         "line 14: since is for load: incremental or changes"),
        ("    path: /customers", "    path: /customers\n    look_back: 1 day",
         "line 14: look_back is for load: incremental or changes"),
        ("    path: /customers", "    path: /customers\n    most: 3", "line 14: most needs a"),
        ("    path: /customers", "    path: /customers\n    sql: select 1",
         "line 14: sql is not for a system of kind rest"),
        ("erp_invoices: {from: files}", "erp_invoices: {from: files, path: /x}",
         "line 9: path is not for files"),
        ("    path: /customers", "    requests:\n    - path: /customers\n    - params: {a: b}",
         "line 15: crm_accounts has no path"),
    ],
)  # fmt: skip
def test_a_fault_of_the_file_names_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in SOURCES
    file = tmp_path / "sources.yml"
    text = SOURCES.replace(old, new, 1).replace("URL", "https://api.example.com")
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_sources(file)
    assert str(refused.value).startswith("sources.yml line ")
    assert said in str(refused.value)
    assert "abc" not in str(refused.value)


def test_a_good_file_says_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "sources.yml"
    file.write_text(SOURCES.replace("URL", "https://api.example.com"), "utf-8")
    mapping = load_sources(file).mapping("crm_accounts")
    assert mapping.requests is not None
    found: dict[str, Any] = {name: f.line for name, f in mapping.requests.fields.items()}
    assert found["account_id"] == 17
    assert str(mapping.column_places["account_name"]) == "sources.yml line 18"
