"""Opportunities and the steps of purchases recomputed (requirements B2, B5, B11, B12, V10)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tests.properties.basics import add_months, business_day, month_number, to_cents
from tests.properties.books import Books
from tests.properties.harness import Row
from tests.properties.service import middle, rounded, share


@dataclass(frozen=True)
class Step:
    """One step of a purchase: when it was entered first, over, and lost."""

    account: str
    stage: int
    entered: date
    moved: date | None
    lost: date | None


class Opportunities:
    """The opportunities of external accounts, as known on the as-of date."""

    def __init__(self, books: Books) -> None:
        """Take those that were opened by then."""
        self.books, self.end, rows = books, books.end, books.inputs.rows
        self.identity = books.identity(books.end)
        self.rows = [
            r
            for r in rows.get("crm_opportunities", [])
            if r["opened_on"] <= self.end
            and r["account_id"] in self.identity.customer
            and r["account_id"] not in self.identity.internal
        ]
        self.dated: dict[str, list[tuple[date, int]]] = defaultdict(list)
        for r in rows.get("crm_opportunity_stages", []):
            if r["entered_on"] <= self.end:
                self.dated[r["opportunity_id"]].append((r["entered_on"], r["buying_stage"]))
        self.orders = [
            r
            for r in rows.get("erp_orders", [])
            if r["order_date"] <= self.end and r["status"] != "cancelled"
        ]
        self.lines: dict[str, list[Row]] = defaultdict(list)
        for r in rows.get("erp_order_lines", []):
            if not r["is_return"] and r["net_amount"] >= 0:
                self.lines[r["order_id"]].append(r)

    def closed(self, r: Row) -> date | None:
        """Return the day of the closing, if it has come."""
        day: date | None = r["closed_on"]
        return day if day is not None and day <= self.end else None

    def outcome(self, r: Row) -> str:
        """Return open, won or lost."""
        if r["is_won"] and (r["closed_on"] is None or r["closed_on"] <= self.end):
            return "won"
        return "open" if self.closed(r) is None else "lost"

    def amount(self, r: Row) -> int | None:
        """Return the amount in base currency in cents; None without a rate."""
        if r["amount"] is None:
            return None
        try:
            return self.books.in_base(to_cents(r["amount"]), r["currency_code"], r["opened_on"])
        except LookupError:
            return None

    def reason(self, r: Row, day: date) -> str:
        """Return the reason of the outcome by the lists of a day."""
        text, category = (r["outcome_reason"] or "").strip().lower(), r["outcome_category"]
        if self.outcome(r) == "open" or not (text or category):
            return "not_assessed"
        for source, stated in (("text", text), ("category", category)):
            try:
                rule = self.books.rule("outcome_reasons", day, source=source, stated=stated)
            except ValueError:
                continue
            return str(rule["outcome_reason"])
        return "other"

    def first_contact(self, account: str) -> date | None:
        """Return the day of the first activity with an account of the customer."""
        of = self.identity.customer
        return min(
            (
                day
                for r in self.books.inputs.rows.get("crm_activities", [])
                if r["account_id"] in of
                and r["account_id"] not in self.identity.internal
                and of[r["account_id"]] == of[account]
                and (day := business_day(r["activity_at"])) <= self.end
            ),
            default=None,
        )

    def followed(self, r: Row) -> tuple[date, date | None, date | None] | None:
        """Return the days of the first order, its delivery, and the first case from then on."""
        account, won = r["account_id"], self.closed(r)
        if self.outcome(r) != "won" or won is None:
            return None
        last = add_months(won, int(self.books.rule("purchase_rules", won)["opportunity_months"]))
        named, unnamed = [], []
        for o in self.orders:
            if o["opportunity_id"] == r["opportunity_id"] and o["order_date"] >= r["opened_on"]:
                named.append(o)
            is_own = o["opportunity_id"] is None and o["account_id"] == account
            if is_own and won <= o["order_date"] <= last:
                unnamed.append(o)
        if not named and not unnamed:
            return None
        day = min(o["order_date"] for o in [*named, *unnamed])
        orders = [o for o in named if o["order_date"] == day]
        if orders:
            # Those of one account and day stand or fall together.
            groups = defaultdict(list)
            for o in orders:
                groups[o["account_id"]].append(o)
        else:
            groups = {account: [o for o in unnamed if o["order_date"] == day]}
        came = [self._delivered(group, day) for group in groups.values()]
        delivered = None if None in came else max(d for d in came if d is not None)
        feedback = None
        if delivered is not None:
            delivered = max(delivered, won)
            feedback = min(
                (
                    on
                    for c in self.books.inputs.rows.get("crm_service_cases", [])
                    if c["account_id"] == account
                    and delivered <= (on := business_day(c["opened_at"])) <= self.end
                ),
                default=None,
            )
        return max(day, won), delivered, feedback

    def _delivered(self, orders: list[Row], day: date) -> date | None:
        lines = [x for o in orders for x in self.lines[o["order_id"]]]
        came = [x["delivered_date"] for x in lines]
        if not came or any(d is None or d > self.end for d in came):
            return None
        return max(*came, day)

    def steps(self) -> list[Step]:
        """Return the steps of all opportunities."""
        found = []
        for r in self.rows:
            first: dict[int, date] = {}
            for day, stage in self.dated[r["opportunity_id"]]:
                first[stage] = min(first.get(stage, day), day)
            after = self.followed(r)
            if after:
                first[7] = min(first.get(7, after[0]), after[0])
                if after[1] is not None:
                    first[8] = min(first.get(8, after[1]), after[1])
            outcome, closed = self.outcome(r), self.closed(r)
            for stage, day in first.items():
                ends = [d for s, d in first.items() if s > stage]
                if outcome == "won" and closed is not None and stage <= 6:
                    ends.append(closed)
                if stage == 8 and after and after[2] is not None:
                    ends.append(after[2])
                lost = closed if outcome == "lost" else None
                found.append(
                    Step(r["account_id"], stage, day, max(min(ends), day) if ends else None,
                         None if lost is None else max(lost, day))
                )  # fmt: skip
        return found


def opportunities(books: Books) -> dict[str, tuple[Any, ...]]:
    """Return what `opportunities` says."""
    all_of, found = Opportunities(books), {}
    for r in all_of.rows:
        closed, opened = all_of.closed(r), r["opened_on"]
        judged = closed or books.end
        rules = books.rule("opportunity_rules", judged)
        stage, since = r["buying_stage"], None
        if steps := all_of.dated[r["opportunity_id"]]:
            since, stage = max(steps)
        elif stage is not None and stage == r["entered_at_stage"]:
            since = opened
        amount, reason = all_of.amount(r), all_of.reason(r, judged)
        limit = to_cents(Decimal(rules["minimum_reason_amount"]))
        contact, need = all_of.first_contact(r["account_id"]), r["need_qualified_on"]
        if need is not None and need > books.end:
            need = None
        joined = r["entered_at_stage"]
        found[r["opportunity_id"]] = (
            r["account_id"], r["owner_user_id"], opened, closed, amount, stage,
            None if since is None else max(0, (judged - since).days), joined,
            joined is not None and joined <= int(rules["early_stage"]), all_of.outcome(r), reason,
            closed_or_won(all_of, r) and reason == "not_assessed"
            and amount is not None and amount >= limit,
            _days(contact, opened), _days(contact, need), _days(opened, closed),
        )  # fmt: skip
    return found


def buying_groups(books: Books) -> dict[str, int | None]:
    """Return how many people with a role each closed opportunity had; None where not known."""
    all_of, people = Opportunities(books), defaultdict(set)
    for r in books.inputs.rows.get("crm_opportunity_contacts", []):
        if r["role"] is not None:
            people[r["opportunity_id"]].add(r["contact_id"])
    is_told = "crm_opportunity_contacts" in books.inputs.rows
    return {
        r["opportunity_id"]: len(people[r["opportunity_id"]])
        if is_told and closed_or_won(all_of, r)
        else None
        for r in all_of.rows
    }


def closed_or_won(all_of: Opportunities, r: Row) -> bool:
    """Return whether an opportunity has come to an end."""
    return all_of.outcome(r) != "open"


def buying_stages(books: Books, days: list[date]) -> dict[tuple[date, int], tuple[Any, ...]]:
    """Return what `buying_stages` says at each of the month-ends."""
    present = set(books.inputs.rows)
    if "crm_opportunities" not in present:
        return {}
    all_of = Opportunities(books)
    steps, found = all_of.steps(), {}
    for day in days:
        identity = books.identity(day)
        here = set(identity.customer) - identity.internal
        opened = [
            r for r in all_of.rows if r["account_id"] in here and _within(r["opened_on"], day)
        ]
        undated = sum(
            not any(d <= day for d, _ in all_of.dated[r["opportunity_id"]]) for r in opened
        )
        for stage in range(1, 9):
            entered = [s for s in steps if s.stage == stage and s.account in here
                       and _within(s.entered, day)]  # fmt: skip
            moved = [s for s in entered if s.moved is not None and s.moved <= day]
            lost = [s for s in entered if s not in moved and s.lost is not None and s.lost <= day]
            times = [(s.moved - s.entered).days for s in moved if s.moved is not None]
            times += [(s.lost - s.entered).days for s in lost if s.lost is not None]
            joined = [r for r in opened if r["entered_at_stage"] == stage]
            closed = [r for r in joined if (c := all_of.closed(r)) is not None and c <= day]
            won = [r for r in closed if all_of.outcome(r) == "won"]
            is_told = "crm_opportunity_stages" in present or (
                stage >= 7 and {"erp_orders", "erp_order_lines"} <= present
            )
            flows = (len(entered), len(moved), len(lost), len(entered) - len(moved) - len(lost))
            found[day, stage] = (
                *(flows if is_told else (None,) * 4), rounded(middle(times)) if is_told else None,
                len(joined), share(len(won), len(closed)),
                share(len(lost), len(entered)) if is_told else None, undated,
            )  # fmt: skip
    return found


def _days(first: date | None, last: date | None) -> int | None:
    if first is None or last is None or last < first:
        return None
    return (last - first).days


def _within(day: date, end: date) -> bool:
    return day <= end and month_number(end) - month_number(day) < 12
