"""Everything a reader is shown, over a built company, in both languages: no language is mixed.

What the source says (names, ids, families) is company data and stands as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from fastapi import Request
from fastapi.testclient import TestClient

from keyaccounts.alerts.blocks import Block, build_block
from keyaccounts.alerts.inbox import WAITING, read_inbox
from keyaccounts.alerts.links import NO_LINKS
from keyaccounts.alerts.model import ClosedMonth
from keyaccounts.alerts.notify import notify, tell_data_engineers
from keyaccounts.alerts.publication import EVENT_COLUMNS, candidate_from_row, read_publication
from keyaccounts.contract import load_contract
from keyaccounts.landing import latest_rows
from keyaccounts.pages.app import create_app
from keyaccounts.pages.visitors import Visitor
from keyaccounts.reports.explain import explain, explain_lines
from keyaccounts.reports.reader import open_publication
from keyaccounts.reports.report import render, report_facts
from keyaccounts.settings import PROJECT_ROOT, Run, Settings
from keyaccounts.texts import LANGUAGES, texts_in
from tests.alerts.conftest import TUESDAY, Desk, at, drop_payload, event
from tests.end_to_end.published import Publication
from tests.reports.test_report import NOTHING, first_month

from .rendered import chinese_words, latin_words, seen

LATIN = frozenset({
    "CRM", "DSO", "NRR", "GRR", "DAG", "BI", "Airflow", "Keyaccounts", "Asia", "Shanghai",
    "keyaccounts", "notify", "release", "holds", "explain", "ACCOUNT", "ID", "dbt_project", "dbt",
    "project", "marts", "list", "alerts", "all",
})  # fmt: skip
"""Terms that Chinese readers read in Latin letters, and names of commands."""
DAY = date(2026, 10, 31)
SHANGHAI = ZoneInfo("Asia/Shanghai")
ALERT_TYPES = tuple(
    one["name"]
    for one in yaml.safe_load((PROJECT_ROOT / "dbt_project" / "marts.yml").read_text("utf-8"))[
        "alert_types"
    ]
)
Check = Callable[[str, str], None]


@dataclass(frozen=True)
class Company:
    """The published company in a home of its own, whose ledger is empty; words of its sources."""

    settings: Settings
    words: frozenset[str]

    def check(self, what: str, text: str) -> None:
        """Fail where a text holds words of the other language."""
        if self.settings.language == "zh":
            found = latin_words(text, self.words, LATIN)
        else:
            found = chinese_words(text, self.words)
        assert found == set(), what


@pytest.fixture(scope="module", params=LANGUAGES)
def company(
    request: pytest.FixtureRequest, undisturbed: Publication, tmp_path_factory: Any
) -> Company:
    home = tmp_path_factory.mktemp(f"home-{request.param}")
    for name in ("published", "landing", "runs", "quarantine"):
        if (undisturbed.settings.home / name).exists():
            (home / name).symlink_to(undisturbed.settings.home / name)
    settings = replace(
        undisturbed.settings, home=home, language=request.param, go_live_date=date(2026, 6, 1),
        fallback_manager="boss@firm.test", finance_control="finance@firm.test",
        data_engineers="data@firm.test", airflow_url="https://airflow.test",
    )  # fmt: skip
    return Company(settings, frozenset(_words(settings)))


def _words(settings: Settings) -> set[str]:
    with open_publication(settings) as reader:
        accounts = reader.rows("select * from marts.accounts")
        found = {
            str(row[column])
            for row in accounts
            for column in ("account_name", "owner_name", "region", "industry_code", "next_family")
            if row[column]
        }
        families = "select distinct product_family from marts.white_space"
        found |= {row["product_family"] for row in reader.rows(families)}
        found |= {*reader.manifest["marts"], reader.manifest["version"]}
    for user in latest_rows(settings, "crm_users"):
        found |= {str(user[key]) for key in ("user_name", "team") if user.get(key)}
    for entity, facts in load_contract().items():
        found |= {entity, *(column.name for column in facts.columns)}
    return found | {settings.home.name}


def test_every_alert_of_the_company(company: Company) -> None:
    published = read_publication(company.settings.published)
    texts = texts_in(company.settings.language)
    for candidate in published.candidates:
        built = build_block(
            candidate, name=candidate.account_id or candidate.unit_id, owner="U0001",
            currency="CNY", links=NO_LINKS, texts=texts,
        )  # fmt: skip
        company.check(candidate.event_key, _said(built))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("alert_type", ALERT_TYPES)
@pytest.mark.parametrize("is_empty", [True, False])
def test_every_type_of_the_contract(alert_type: str, is_empty: bool, language: str) -> None:
    """Those that the company has not, and payloads in which nothing is known."""
    row = event(
        alert_type=alert_type, from_value=None if is_empty else "A",
        to_value=None if is_empty else "INACTIVE", payload=_payload(alert_type, is_empty),
        cause=None if is_empty else "relative",
    )  # fmt: skip
    built = build_block(
        candidate_from_row([row[name] for name in EVENT_COLUMNS]), name="ACC1", owner="U0001",
        currency="CNY", links=NO_LINKS, texts=texts_in(language),
    )  # fmt: skip
    text = _said(built)
    company = {"Blue River Pumps Ltd", "Valves", "Seals", "general_ledger", "retention_summary"}
    if language == "zh":
        assert latin_words(text, company, LATIN) == set()
    else:
        assert chinese_words(text, ()) == set()


def _said(block: Block) -> str:
    """Return all texts of a block; its severity is a code, which templates put into words."""
    rows = [(fact.label, fact.value) for fact in (*block.facts, *block.facts_after)]
    rows += [(reason.label, reason.amount) for reason in block.reasons]
    words = [block.title, block.next_step, block.note, block.headline]
    return "\n".join([*words, *(f"{label} {value}" for label, value in rows)])


def _payload(alert_type: str, is_empty: bool) -> str:
    if is_empty:
        return "{}"
    if alert_type.startswith("tier_") and alert_type != "tier_config_change":
        return drop_payload(cause="relative", is_single_threaded=True, over_terms_days=12.0)
    known = {
        "neglected_a": {
            "activities_count": 7, "contact_limit_days": 30, "owner_c_activities_count": 14,
            "tier": "A", "ttm_profit_amount": 42048.17,
        },
        "tier_config_change": {"old_valid_from": "2026-01-01", "new_valid_from": "2026-04-01"},
        "reconciliation_failed": {
            "check_name": "general_ledger", "difference_amount": 1.5, "left_amount": 2.5,
            "right_amount": 1.0,
        },
    }  # fmt: skip
    return json.dumps({"account_name": "Blue River Pumps Ltd"} | known.get(alert_type, {}))


def test_every_message_of_three_weeks(company: Company) -> None:
    """New alerts, digests, reminders, escalations, in text and HTML; each mail names its day."""
    subjects = []
    for day in (2, 5, 9, 16):
        run = Run(DAY, datetime(2026, 11, day, 9, tzinfo=SHANGHAI))
        notify(company.settings, run, release_holds=True, log=lambda _: None)
    files = sorted(company.settings.outbox.rglob("*.eml"))
    assert len(files) > 10
    for file in files:
        mail = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
        assert isinstance(mail, EmailMessage)
        text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
        assert text is not None
        assert html is not None
        company.check(file.name, f"{mail['Subject']}\n{text.get_content()}")
        company.check(file.name, seen(html.get_content()))
        assert f'<html lang="{texts_in(company.settings.language).language}">' in html.get_content()
        subjects.append(str(mail["Subject"]))
    shown = " ".join(subjects)
    expected = {
        "zh": ("【紧急】", "条", "每周摘要", "等待您的答复", "无人答复"),
        "en": ("[CRITICAL]", "more", "Weekly account digest", "without your answer", "nobody"),
    }
    for part in expected[company.settings.language]:
        assert part in shown, part


@pytest.mark.parametrize("language", LANGUAGES)
def test_messages_about_messages(desk: Desk, language: str) -> None:
    """Holds of each kind, stand-ins, retractions, a failed run."""
    desk = desk.with_settings(language=language)
    rows = [event(f"ACC{i}") for i in range(6)]
    short = ClosedMonth(date(2026, 3, 1), 70, 100)  # type: ignore[arg-type]
    desk.night(TUESDAY, rows, publish={"a_units": 50, "closed_month": short,
                                       "failed_checks": ["general_ledger"]})  # fmt: skip
    gone = event("ACC8", owner_user_id="gone", severity="critical")
    worst = event("ACC7", severity="critical")
    monday = TUESDAY + timedelta(days=6)
    desk.night(TUESDAY + timedelta(days=1), [*rows, gone, worst], release_holds=True)
    desk.night(monday, [gone], publish={"a_units": 100}, release_holds=True)
    desk.night(monday + timedelta(days=7), rows[:3], publish={"a_units": 100}, release_holds=True)
    run = Run(TUESDAY, at(TUESDAY))
    tell_data_engineers(desk.settings, run, "DAG key_accounts_nightly", [], [], desk.lines.append)
    company = {"Blue River Pumps Ltd", "Li Wei", "The Boss", "Gone", "Ana", "general_ledger",
               "fallback_manager", "key_accounts_nightly"}  # fmt: skip
    assert len(desk.outbox()) > 5
    said = desk.text() + " ".join(seen(f.read_text("utf-8")) for f in desk.outbox(".html"))
    if language == "zh":
        assert latin_words(said, company, LATIN) == set()
        for part in ("暂停发送", "已撤回", "没有在职的客户经理", "较预测", "抄送给您"):
            assert part in said, part
    else:
        assert chinese_words(said, company) == set()


def test_the_report(company: Company) -> None:
    texts = texts_in(company.settings.language)
    with open_publication(company.settings) as reader:
        facts = report_facts(reader)
    for what, shown in (("whole", facts), ("nothing", NOTHING), ("first month", first_month())):
        page = render(shown, texts)
        assert f'<html lang="{texts.language}">' in page
        company.check(what, seen(page))
        assert page == render(shown, texts)


def test_every_account(company: Company) -> None:
    texts = texts_in(company.settings.language)
    with open_publication(company.settings) as reader:
        ids = [row["account_id"] for row in reader.rows("select account_id from marts.accounts")]
    for account_id in ids:
        facts = explain(company.settings, account_id)
        company.check(account_id, "\n".join(explain_lines(facts, with_history=True, texts=texts)))


def test_every_page(company: Company) -> None:
    settings = company.settings
    now = datetime(2026, 11, 17, 10, tzinfo=SHANGHAI)
    boss = Visitor("boss", may_answer=True, sees_confidential=True)
    run = Run(DAY, datetime(2026, 11, 16, 9, tzinfo=SHANGHAI))
    notify(settings, run, release_holds=True, log=lambda _: None)

    async def visitor_of(_request: Request) -> Visitor:
        return boss

    app = create_app(lambda: settings, visitor_of, lambda r: "/login", lambda: now)
    client = TestClient(app, follow_redirects=False)
    items = read_inbox(settings, now).items
    assert items
    by_type = {item.entry.alert_type: item for item in items}
    account = next(item.entry.account_id for item in items if item.entry.account_id)
    pages = ["/", "/alerts", "/alerts?status=all&page=2", "/alerts?q=nothing", "/alerts/12345678",
             f"/accounts/{account}", "/accounts/A9", "/dbt-docs"]  # fmt: skip
    pages += [f"/alerts/{item.alert_id}" for item in by_type.values()]
    for path in pages:
        page = client.get(path).text
        assert f'<html lang="{texts_in(settings.language).language}">' in page
        company.check(path, _of_page(page))
    token = re.search(r'name="token" value="([^"]+)"', client.get("/alerts").text)
    assert token
    first, *others = [i.alert_id for i in by_type.values() if i.status in WAITING][:4]
    answers: list[dict[str, str]] = [
        {"action": ""}, {"action": "snooze"}, {"action": "snooze", "until": "x", "reason": "1"},
        {"action": "snooze", "until": "2028-01-01", "reason": "1"}, {"action": "accept"},
        {"action": "snooze", "until": "2026-12-01", "reason": "1"}, {"action": "acknowledge"},
        {"action": "comment", "reason": "1"}, {"action": "accept", "reason": "1"},
        {"action": "acknowledge"},
    ]  # fmt: skip
    for said in answers:
        answer = client.post(f"/alerts/{first}", data={"token": token[1], **said})
        if "location" in answer.headers:
            answer = client.get(answer.headers["location"])
        company.check(str(said), _of_page(answer.text))
    company.check("no tick", _of_page(client.post("/alerts", data={"token": token[1]}).text))
    form = {"token": token[1], "alert": others, "action": "acknowledge"}
    done = client.post("/alerts", data=form).headers["location"]
    company.check("several", _of_page(client.get(done).text))
    company.check("old form", _of_page(client.post("/alerts", data={"token": "x"}).text))


def _of_page(html: str) -> str:
    """The name of the visitor is no word of ours."""
    return seen(html).replace("boss", " ")


def test_the_page_of_the_report_is_written_in_the_language(
    company: Company, tmp_path: Path
) -> None:
    from keyaccounts.reports.report import write_report

    copy = tmp_path / "published"
    version = (company.settings.published / "current").resolve()
    copy.mkdir()
    (copy / version.name).mkdir()
    for file in version.iterdir():
        if file.name != "report.html":
            (copy / version.name / file.name).symlink_to(file)
    (copy / "current").symlink_to(version.name)
    page = write_report(replace(company.settings, home=tmp_path)).read_text("utf-8")
    assert ("大客户报告" in page) == (company.settings.language == "zh")
