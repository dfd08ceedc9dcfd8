"""What a reader sees: figures that add up, clean text, escaped HTML."""

from __future__ import annotations

import email
import json
import re
from datetime import timedelta
from decimal import Decimal
from email import policy
from email.message import EmailMessage

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from keyaccounts.alerts.blocks import build_block
from keyaccounts.alerts.formats import money, one_line, percent, signed
from keyaccounts.alerts.links import NO_LINKS, Links
from keyaccounts.alerts.publication import EVENT_COLUMNS, candidate_from_row
from keyaccounts.settings import PROJECT_ROOT
from keyaccounts.texts import ENGLISH

from .conftest import TUESDAY, Desk, drop_payload, event

HOSTILE = '<script>alert(1)</script>\r\nBcc: x@evil.test\u202e & "Söhne"'


def drop(**changes: object) -> dict[str, object]:
    payload = drop_payload(**changes)
    return event(payload=payload, cause=changes.get("cause", "own_decline"))


def block(row: dict[str, object]) -> object:
    return build_block(
        candidate_from_row([row[name] for name in EVENT_COLUMNS]),
        name="ACC1",
        owner="Li Wei",
        currency="CNY",
        links=Links("https://bi.test/account/"),
    )


def amounts(text: str) -> list[Decimal]:
    why = text.split("Why:")[1].split("Cause")[0]
    return [Decimal(found.replace(",", "")) for found in re.findall(r"[+-]?[\d,]+\.\d\d", why)]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "more than 90 days\n"),
        ({"over_terms_days": 40.5}, "more than 90 days; pays 41 days after terms\n"),
        ({"over_terms_days": 0.4}, "; pays within terms\n"),
        ({"over_terms_days": -12.0}, "; pays within terms\n"),
        ({"is_single_threaded": False}, "contact 74 days ago; last purchase"),
        ({"is_single_threaded": True}, "74 days ago, all of it hangs on one person; last purchase"),
    ],
)
def test_a_drop_says_how_late_money_comes_and_on_whom_it_hangs(
    desk: Desk, facts: dict[str, object], said: str
) -> None:
    desk.night(TUESDAY, [drop(**facts)])
    assert said in desk.text()


def test_a_drop_says_all_that_is_needed(desk: Desk) -> None:
    desk.night(TUESDAY, [drop()])
    text = desk.text()
    for part in (
        "[HIGH] Blue River Pumps Ltd drops from A to B",
        "Account: Blue River Pumps Ltd (ACC1), owner Li Wei",
        "Effective: 2026-04-06",
        "Gross profit: CNY 812,345.00 in 12 months, -373,250.75 (-31.5 %) against "
        "CNY 1,185,595.75 the year before",
        "Cause: Own decline",
        "Valves (last order 2025-03-12, -110,000.00); Seals (last order not known, -40,000.00)",
        "CNY 45,000.50 overdue of CNY 250,000.00 open, CNY 12,000.00 more than 90 days",
        "last two-way contact 74 days ago; last purchase 2026-02-11",
        "To be A again: CNY 950,000.00 more profit in 12 months",
        "Next step: Call first: 74 days without a two-way contact. Ask what changed",
        "https://bi.test/account/ACC1",
    ):
        assert part in text


def test_the_reasons_shown_add_up_to_the_change(desk: Desk) -> None:
    desk.night(TUESDAY, [drop()])
    *shown, total = amounts(desk.text())
    assert shown[:3] == [Decimal("-300250.25"), Decimal("-150000.00"), Decimal("-42000.55")]
    assert sum(shown) == total == Decimal("-373250.75")


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=7), st.integers(0, 10**12))
def test_any_reasons_add_up(cents: list[int], prior: int) -> None:
    names = list(ENGLISH.catalogue.group("driver"))[: len(cents)]
    row = event(payload="{}")
    candidate = candidate_from_row([row[name] for name in EVENT_COLUMNS])
    payload = {
        "drivers": [
            {"driver": name, "amount": Decimal(cent) / 100}
            for name, cent in zip(names, cents, strict=True)
        ],
        "own_profit_change_amount": Decimal(sum(cents)) / 100,
        "profit_current_amount": Decimal(prior + sum(cents)) / 100,
        "profit_prior_amount": Decimal(prior) / 100,
    }
    object.__setattr__(candidate, "payload", payload)
    built = build_block(candidate, name="x", owner="y", currency="CNY", links=NO_LINKS)
    *lines, total = [Decimal(reason.amount.replace(",", "")) for reason in built.reasons]
    assert sum(lines) == total == Decimal(sum(cents)) / 100
    assert built.reasons[-1].is_total
    assert len(lines) <= 4


def test_an_unknown_year_before_is_said_and_no_reasons_are_shown(desk: Desk) -> None:
    nothing = {"drivers": [], "profit_prior_amount": None, "own_profit_change_amount": None}
    unknown = dict.fromkeys(
        ("own_profit_change_ratio", "overdue_amount", "gross_open_amount", "last_purchase_date",
         "days_since_two_way_contact", "profit_to_regain_amount", "overdue_90_plus_amount")
    )  # fmt: skip
    desk.night(TUESDAY, [drop(**nothing, **unknown)])
    text = desk.text()
    assert "CNY 812,345.00 in 12 months; the year before is not known" in text
    assert "Why:" not in text
    assert "None" not in text
    assert "Payment: not known" in text


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"days_since_two_way_contact": 5}, "Ask what changed in the customer's demand"),
        ({"days_since_two_way_contact": 5, "cause": "relative"}, "Find what else the account"),
        ({"days_since_two_way_contact": None, "cause": "one_off_roll_off"}, "Ask whether another"),
        (
            {"days_since_two_way_contact": 5,
             "drivers": [{"amount": -373250.75, "driver": "lost_product"}]},
            "Ask why Valves is no longer bought",
        ),
    ],
)  # fmt: skip
def test_the_next_step_follows_the_cause_or_the_biggest_driver(
    changes: dict[str, object], step: str
) -> None:
    assert block(drop(**changes)).next_step.startswith(step)  # type: ignore[attr-defined]


def test_bought_growth_says_what_the_discounts_cost() -> None:
    payload = (
        '{"account_name": "Blue River", "base_currency": "CNY", "current_discount_ratio": 0.14, '
        '"extra_discount_amount": 42048.17, "net_growth_ratio": 0.25, "tier": "B", '
        '"net_sales_current_amount": 452017.92, "net_sales_prior_amount": 361614.24, '
        '"prior_discount_ratio": 0.06}'
    )
    built = block(event(alert_type="bought_growth", payload=payload))
    assert built.title == "Blue River grows on discounts"  # type: ignore[attr-defined]
    facts = {fact.label: fact.value for fact in built.facts}  # type: ignore[attr-defined]
    assert facts["Discount of list price the year before"] == "6.0 %"
    assert facts["Discount of list price now"] == "14.0 %"
    assert facts["What the higher discount cost"] == "CNY 42,048.17"
    assert facts["Growth of net sales"] == "25.0 %"
    assert built.next_step.startswith("Check which offers")  # type: ignore[attr-defined]


def test_a_lost_customer_is_told_with_what_it_brought() -> None:
    payload = (
        '{"account_name": "Blue River", "base_currency": "CNY", "last_purchase_date": '
        '"2026-01-12", "rhythm_basis": "own", "silence_days": 96, "tier": "A", '
        '"year_before_profit_amount": 42048.17}'
    )
    built = block(
        event(
            alert_type="churn_state_enter", from_value="at_risk", to_value="churned",
            payload=payload,
        )
    )  # fmt: skip
    assert built.title == "Blue River buys less often than it used to: lost (was at risk)"  # type: ignore[attr-defined]
    facts = {fact.label: fact.value for fact in built.facts}  # type: ignore[attr-defined]
    assert facts["Days since the last purchase"] == "96"
    assert facts["Profit in the year to the last purchase"] == "CNY 42,048.17"
    assert built.next_step.startswith("Call the customer")  # type: ignore[attr-defined]


def test_a_neglected_account_is_told_with_where_its_owner_was() -> None:
    payload = (
        '{"account_name": "Blue River", "activities_count": 7, "base_currency": "CNY", '
        '"contact_limit_days": 30, "owner_c_activities_count": 14, "tier": "A", '
        '"ttm_profit_amount": 42048.17}'
    )
    built = block(event(alert_type="neglected_a", payload=payload))
    assert built.title == "Blue River is tier A and waits while its owner is with C accounts"  # type: ignore[attr-defined]
    facts = {fact.label: fact.value for fact in built.facts}  # type: ignore[attr-defined]
    assert facts["Activities of the owner with C accounts meanwhile"] == "14"
    assert facts["Days within which it is to be spoken with"] == "30"


def test_a_relative_drop_names_the_moved_limit(desk: Desk) -> None:
    desk.night(TUESDAY, [drop(cause="relative")])
    assert "the others grew. The limit of A moved by +20,000.00." in desk.text()


def test_source_text_stays_data_in_html_and_headers(desk: Desk, users: object) -> None:
    users([{"user_id": "am1", "user_name": HOSTILE, "email": "li@firm.test"}])  # type: ignore[operator]
    row = drop(
        account_name=HOSTILE,
        lost_products=[
            {"product_family": HOSTILE, "last_order_date": None, "change_amount": -1.00}
        ],
    )
    other = event(
        "ZED",
        severity="medium",
        delivery="immediate",
        alert_type="credit_hold",
        payload=f'{{"credit_status": "{"<b>x"}"}}',
    )
    desk.night(TUESDAY, [row, other])
    html = desk.outbox(".html")[0].read_text(encoding="utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "&lt;b&gt;x" in html
    mail = email.message_from_bytes(desk.outbox(".eml")[0].read_bytes(), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert mail["Bcc"] is None
    assert "\u202e" not in mail["Subject"]
    assert "Söhne" in mail["Subject"]
    assert mail["To"].addresses[0].addr_spec == "li@firm.test"
    assert mail["X-Keyaccounts-Key"] in mail["Message-ID"]
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


def test_every_alert_type_of_the_contract_has_a_title() -> None:
    contract = yaml.safe_load(
        (PROJECT_ROOT / "dbt_project" / "marts.yml").read_text(encoding="utf-8")
    )
    assert {entry["name"] for entry in contract["alert_types"]} == set(
        ENGLISH.catalogue.group("title")
    )


@pytest.mark.parametrize("alert_type", sorted(ENGLISH.catalogue.group("title")))
def test_every_type_makes_a_readable_block(alert_type: str) -> None:
    payload = '{"account_name": "Red {x} Hill", "invoice_id": "I-7", "overdue_amount": 5000.10}'
    built = block(event(alert_type=alert_type, payload=payload))
    assert "{" not in built.title.replace("{x}", "")  # type: ignore[attr-defined]
    assert {fact.label: fact.value for fact in built.facts}["Overdue"] == "CNY 5,000.10"  # type: ignore[attr-defined]


def test_a_payment_trap_says_how_long_why_and_what_it_costs() -> None:
    payload = json.dumps(
        {
            "account_name": "Slow & Co", "average_gross_amount": 253508.71, "channel": "dealer",
            "base_currency": "CNY", "break_even_cycle_days": 1542.44, "terms_days": 60,
            "collection_cycle_days": 173.59, "contribution_margin_ratio": 0.422586,
            "financing_cost_amount": 25350.87, "financing_cost_ratio": 0.04756,
            "margin_after_financing_ratio": 0.375026, "oldest_open_overdue_days": 115,
            "over_terms_days": 113.59, "peer_median_cycle_days": None,
            "reasons": "slow_vs_terms_and_peers|margin_below_financing_cost",
        }
    )  # fmt: skip
    built = block(event(alert_type="payment_trap_enter", payload=payload))
    assert [(f.label, f.value) for f in built.facts][2:] == [  # type: ignore[attr-defined]
        ("Pays after", "174 days, terms 60 days"),
        (
            "Why",
            "slower than its terms and than its peers allow; its margin does not pay for the "
            "waiting",
        ),
        ("Margin", "42.3 %, after financing 37.5 %, nothing is left from 1,542 days"),
        ("Money tied up", "CNY 253,508.71, costs a year CNY 25,350.87"),
        ("Oldest overdue", "115 days"),
    ]
    assert built.next_step.startswith("First see that all money received is applied.")  # type: ignore[attr-defined]


def test_what_a_payment_trap_does_not_know_it_does_not_say() -> None:
    built = block(event(alert_type="payment_trap_exit", payload='{"collection_cycle_days": null}'))
    assert [f.label for f in built.facts] == ["Account", "Effective"]  # type: ignore[attr-defined]


def test_a_broken_promise_says_what_came(desk: Desk) -> None:
    payload = json.dumps(
        {
            "account_name": "Suzhou Golden Packaging Branch", "base_currency": "CNY",
            "invoice_id": "INV00011651", "invoices_count": 1, "left_open_amount": 1502.92,
            "missing_amount": 1502.92, "paid_amount": 999.91, "promised_amount": 2502.83,
            "promised_date": "2026-04-05",
        }
    )  # fmt: skip
    row = event(
        alert_type="promise_broken", unit_type="account", from_value=None, to_value=None,
        severity="medium", delivery="digest", cause=None, payload=payload,
        at_stake_amount=Decimal("1502.92"),
    )  # fmt: skip
    built = block(row)
    assert built.title == (  # type: ignore[attr-defined]
        "Suzhou Golden Packaging Branch did not pay on the promised day"
    )
    assert [(f.label, f.value) for f in built.facts][2:] == [  # type: ignore[attr-defined]
        ("Document", "INV00011651"),
        ("Documents concerned", "1"),
        ("Open on them when the promised day was over", "CNY 1,502.92"),
        ("Of the promise not paid", "CNY 1,502.92"),
        ("Paid by the promised day", "CNY 999.91"),
        ("Promised", "CNY 2,502.83"),
        ("Promised day", "2026-04-05"),
    ]
    assert built.next_step == (  # type: ignore[attr-defined]
        "See that no receipt of the customer waits unapplied; then call, ask what kept it from "
        "paying, and agree a new day."
    )
    desk.night(TUESDAY - timedelta(days=1), [row])
    assert (
        "* Suzhou Golden Packaging Branch did not pay on the promised day (ACC1), effective "
        "2026-04-06, CNY 1,502.92 missing of CNY 2,502.83 promised for 2026-04-05"
    ) in desk.text()


CANDIDATE = {
    "account_name": "Blue River", "adopter_class": "early_adopter", "base_currency": "CNY",
    "candidate_score_ratio": 0.847, "coverage_ratio": 0.85, "exclusivity": "shared",
    "influence_score": 4, "months_count": 1, "own_growth_score": 3, "ramp_ratio": 2.4499,
    "reasons": "influence|prospect|volume", "referred_accounts_count": 1,
    "referred_profit_amount": 30000.0, "tier": "B", "ttm_profit_amount": 188137.14,
    "wallet_share_ratio": 0.464442,
}  # fmt: skip


def test_a_candidate_says_why_it_is_one() -> None:
    made = event(
        alert_type="candidate_enter", payload=json.dumps(CANDIDATE), at_stake_amount=188137.14
    )
    built = block(made)
    assert built.title == "Blue River may become a key account"  # type: ignore[attr-defined]
    assert [(f.label, f.value) for f in built.facts][2:] == [  # type: ignore[attr-defined]
        ("Reasons", "influence, prospect and volume"),
        ("Influence", "rated 4 of 5, brought 1 account earning CNY 30,000.00"),
        (
            "Volume",
            "the last four orders are 2.4 times the first four, buys 46.4 % of what it needs from "
            "us",
        ),
        ("Prospect", "an early buyer, its own growth is rated 3 of 5"),
        ("Score", "0.85 of 1, 85.0 % of it is known"),
        ("Profit in 12 months", "CNY 188,137.14, tier B"),
    ]
    assert built.headline.startswith("by influence, prospect and volume, profit CNY 188,137")  # type: ignore[attr-defined]
    assert built.next_step.startswith("Agree with the account manager")  # type: ignore[attr-defined]


def test_a_candidate_that_leaves_says_for_how_long_it_was_one() -> None:
    known = {
        "reasons": "volume", "months_count": 18, "influence_score": None, "tier": "A",
        "referred_accounts_count": 0, "referred_profit_amount": 0, "ttm_profit_amount": 5,
        "adopter_class": "later", "ramp_ratio": 2,
    }  # fmt: skip
    built = block(
        event(
            alert_type="candidate_exit", from_value="candidate", to_value="A",
            payload=json.dumps(known),
        )
    )  # fmt: skip
    assert built.title.endswith("is no longer a key-account candidate (A)")  # type: ignore[attr-defined]
    assert [(f.label, f.value) for f in built.facts][2:] == [  # type: ignore[attr-defined]
        ("Reasons", "volume"),
        ("Volume", "the last four orders are 2.0 times the first four"),
        ("On the list", "18 months"),
        ("Profit in 12 months", "CNY 5.00, tier A"),
    ]


def test_a_concentration_names_its_scope_and_its_largest_account() -> None:
    payload = {
        "account_name": "Blue River", "accounts_count": 12, "base_currency": "CNY",
        "effective_accounts": 5.352546, "hhi_points": 1868, "measure": "profit",
        "scope_name": "channel dealer", "top1_ratio": 0.4, "top3_ratio": 0.719366,
        "total_positive_amount": 3613332.93, "without_top1_amount": 2645070.19,
    }  # fmt: skip
    built = block(
        event(
            alert_type="concentration_threshold", unit_type="scope",
            unit_id="channel:dealer:profit:top1", account_id="A1", to_value="critical",
            payload=json.dumps(payload), at_stake_amount=3613332.93,
        )
    )  # fmt: skip
    assert built.title == "Concentration of profit in channel dealer rises to critical"  # type: ignore[attr-defined]
    facts = {f.label: f.value for f in built.facts}  # type: ignore[attr-defined]
    assert facts["Largest account"] == "Blue River, A1"
    assert facts["Share of the largest"] == "40.0 %"
    assert facts["Without the largest"] == "CNY 2,645,070.19"
    assert "Account" not in facts
    assert built.next_step.startswith("Agree how to keep the largest customers")  # type: ignore[attr-defined]


def test_formats() -> None:
    assert money(Decimal("-1234567.5")) == "-1,234,567.50"
    assert signed(Decimal("12")) == "+12.00"
    assert signed(Decimal("-0.00")) == "0.00"
    assert percent(Decimal("-0.31485")) == "-31.5 %"
    assert one_line("a\r\n\tb\x00\u2028c" + "x" * 300, 10) == "a b cxxxx…"
