"""The planted stories happen in the files; computed apart from the generator."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from recompute import Event, load, profits, tier_events, units

LAST, BEFORE = "2026-10-31", "2026-09-30"
ALWAYS = {
    "whale_losing_volume", "flapping_b", "one_off_bulk", "slow_dealer", "cash_sitting_owner",
    "won_back", "cross_sell_gone_wrong", "single_threaded_left", "rising_small", "bought_growth",
    "new_customer", "team_leaves",
}  # fmt: skip
Told = tuple[Any, dict[str, list[Event]]]


@pytest.fixture(scope="module", params=[(60, 1), (100, 7), (300, 42)], ids=str)
def told(request: pytest.FixtureRequest, company: Callable[..., Any]) -> Told:
    made = company(*request.param)
    con = load(made.folder)
    profits(con)
    return made, tier_events(con, LAST)


def test_all_stories_are_planted_but_perhaps_the_relative_drop(told: Told) -> None:
    stories = told[0].stories
    planted = {s["id"] for s in stories["stories"]}
    left_out = {s["id"] for s in stories["not_planted"]}
    assert planted | left_out == ALWAYS | {"relative_drop"}
    assert left_out <= {"relative_drop"}
    names = [a for s in stories["stories"] for a in s["account_ids"]]
    assert len(names) == len(set(names))


def test_the_whale_drops_at_the_last_month_end_because_of_itself(told: Told) -> None:
    made, events = told
    drops = [e for e in events[made.account("whale_losing_volume")] if e.kind == "drop"]
    assert [(e.month, e.before) for e in drops] == [(LAST, "A")]
    assert drops[0].own_change < 0


def test_the_flapping_account_is_watched_and_never_drops(told: Told) -> None:
    made, events = told
    mine = events[made.account("flapping_b")]
    assert {e.kind for e in mine} == {"first_rating", "watch"}
    assert sum(e.month > "2025-10-31" for e in mine) >= 2
    assert {e.before or e.after for e in mine} == {"B"}


def test_the_bulk_purchase_rolls_off(told: Told) -> None:
    made, events = told
    last = events[made.account("one_off_bulk")][-1]
    assert (last.month, last.kind, last.before, last.one_off) == (BEFORE, "lapsed", "A", True)


def test_the_single_threaded_account_is_a_all_the_time(told: Told) -> None:
    made, events = told
    mine = events[made.account("single_threaded_left")]
    assert [(e.kind, e.after) for e in mine] == [("first_rating", "A")]


def test_the_relative_drop_did_not_lose_profit(told: Told) -> None:
    made, events = told
    if "relative_drop" not in made.summary["stories"]:
        pytest.skip(
            "no grower is large enough in this company: stories.json lists it as not planted"
        )
    drops = [e for e in events[made.account("relative_drop")] if e.kind == "drop"]
    assert [(e.month, e.before) for e in drops] == [(LAST, "A")]
    assert drops[0].own_change >= 0


def test_the_new_customer_is_new_and_the_rising_one_is_not_yet_a(told: Told) -> None:
    made, events = told
    assert [e.after for e in events[made.account("new_customer")]] == ["NEW"]
    assert events[made.account("rising_small")][-1].after in ("B", "C")


def test_the_lost_customers_are_one_customer_with_those_who_came_back(told: Told) -> None:
    made, _ = told
    customer, _ = units(load(made.folder))
    back_a, back_b, lost_a, lost_b = (made.account("won_back", i) for i in range(4))
    assert customer[lost_a] == customer[back_a] == back_a
    assert customer[lost_b] == customer[back_b] == lost_b
    bought = made.rows(f"""
        select account_id, min(invoice_date)::text, max(invoice_date)::text from erp_invoices
        where account_id in ('{back_a}', '{back_b}', '{lost_a}', '{lost_b}') group by 1
    """)
    for account, first, latest in bought:
        assert first >= "2026-08-01" if account in (back_a, back_b) else latest <= "2024-07-31"
    assert len(bought) == 4


def test_the_slow_dealer_and_the_waiting_cash_fill_their_buckets(told: Told) -> None:
    made, _ = told
    slow, whale = made.account("slow_dealer"), made.account("whale_losing_volume")
    cash = tuple(made.account("cash_sitting_owner", i) for i in range(4))
    open_items = made.rows(f"""
        with app as (
            select invoice_id, sum(amount) as paid from erp_payment_applications group by 1)
        select account_id,
            least(4, greatest(0, ceil((date '{LAST}' - due_date) / 30.0)))::int as bucket,
            sum(gross_amount - coalesce(paid, 0))::double
        from erp_invoices left join app using (invoice_id)
        where document_type = 'invoice' and status = 'posted'
            and gross_amount > coalesce(paid, 0) group by 1, 2
    """)
    owed: dict[str, dict[int, float]] = {}
    for account, bucket, amount in open_items:
        owed.setdefault(account, {})[bucket] = amount
    waiting = made.rows(f"""
        select p.account_id, sum(p.amount) from erp_payments p
        where received_date < date '{LAST}' - 30 and p.account_id in {cash} and payment_id not in
            (select source_document_id from erp_payment_applications
             where application_type = 'payment') group by 1
    """)

    assert set(owed[slow]) == {0, 1, 2, 3, 4}
    assert sum(owed[whale].values()) > owed[whale].get(0, 0)
    assert sorted(a for a, _ in waiting) == sorted(cash)
    for account in cash:
        assert sum(owed[account].values()) > 2 * owed[account].get(0, 0)


def test_growth_was_bought_and_the_cross_sell_cost_the_old_families(told: Told) -> None:
    made, _ = told
    year = made.rows(f"""
        select i.account_id, i.invoice_date > date '2025-10-31' as is_now,
            sum(net_amount) filter (product_family <> 'Sensors') as net,
            1 - sum(net_amount) / sum(list_amount) as discount
        from erp_invoices i join erp_invoice_lines using (invoice_id)
        join erp_products using (product_id)
        where i.invoice_date > date '2024-10-31' and account_id in
            ('{made.account("bought_growth")}', '{made.account("cross_sell_gone_wrong")}')
        group by 1, 2
    """)
    found = {(account, now): (float(net), float(rate)) for account, now, net, rate in year}
    bought, cross = made.account("bought_growth"), made.account("cross_sell_gone_wrong")
    assert found[bought, True][0] > 1.1 * found[bought, False][0]
    assert found[bought, True][1] - found[bought, False][1] > 0.05
    assert found[cross, True][0] < 0.6 * found[cross, False][0]
    problems = made.rows(f"""
        select (select count(*) from crm_service_cases where account_id = '{cross}'
                and case_type = 'complaint'),
            (select count(*) from erp_order_lines join erp_orders using (order_id)
                where is_return and account_id = '{cross}')
    """)
    assert problems == [(1, 1)]


def test_one_contact_and_one_user_hold_the_single_thread(told: Told) -> None:
    made, _ = told
    account = made.account("single_threaded_left")
    threads = made.rows(f"""
        select count(distinct contact_id), count(distinct a.user_id), any_value(u.is_active),
            any_value(u.deactivated_on)::text, count(*) >= 3, any_value(c.owner_user_id = a.user_id)
        from crm_activities a join crm_users u using (user_id)
        join crm_accounts c on c.account_id = a.account_id
        where a.account_id = '{account}' and is_two_way and activity_at >= date '{LAST}' - 180
    """)
    assert threads == [(1, 1, False, "2026-10-10", True, True)]


def test_checks_name_marts_and_columns_that_are_published(told: Told) -> None:
    text = (Path(__file__).parents[2] / "dbt_project" / "marts.yml").read_text("utf-8")
    published = {
        m["name"]: {c["name"] for c in m["columns"]} for m in yaml.safe_load(text)["marts"]
    }
    words = {"and", "or", "not", "in", "date", "like", "is", "null"}
    for story in told[0].stories["stories"]:
        for check in story["checks"]:
            bare = re.sub(r"'[^']*'", "", check["where"])
            names = set(re.findall(r"[a-z_][a-z0-9_]*", bare)) - words
            assert names <= published[check["mart"]], (story["id"], check["where"])
            assert check["says"].endswith(".")
            assert check["rows"] in ("at_least_1", "none") or check["rows"] > 0
