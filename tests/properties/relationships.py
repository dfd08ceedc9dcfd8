"""Stages of relationships recomputed from talks, orders and evidence (semantics 3.13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from tests.properties.basics import FIRST_DAY, add_months, business_day, month_end
from tests.properties.books import Books
from tests.properties.harness import Row
from tests.properties.purchases import unbilled_or_bought
from tests.properties.tiers import ratio

SEVEN = {"purchasing", "finance", "technical", "logistics", "operations", "commercial", "executive"}
JOINT = {"joint_rd", "custom_solution", "automation_upgrade", "standardisation"}
ALLIANCE = {"alliance_agreement", "joint_venture", "technology_equity"}
AUTOMATIC = {"mass_mail", "email_open"}


@dataclass(frozen=True)
class Talk:
    """One two-way activity: when, with whom of which department, by whom of which department."""

    account: str
    day: date
    contact: str | None
    theirs: str | None
    user: str | None
    ours: str | None

    @property
    def is_executive(self) -> bool:
        """Whether executives of both sides talked."""
        return self.theirs == self.ours == "executive"


@dataclass
class Standing:
    """What an account has on a day."""

    talks: list[Talk]
    has_order: bool
    has_joint: bool
    has_alliance: bool
    rating: int | None
    rules: Row
    by_contact: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Count the talks by contact."""
        for talk in self.talks:
            if talk.contact:
                self.by_contact[talk.contact] = self.by_contact.get(talk.contact, 0) + 1

    @cached_property
    def theirs(self) -> set[str]:
        """Departments of the customer with a name."""
        return {t.theirs for t in self.talks if t.theirs in SEVEN}

    @cached_property
    def ours(self) -> set[str]:
        """Own departments."""
        return {t.ours for t in self.talks if t.ours}

    @cached_property
    def edges(self) -> int:
        """Pairs of departments, one of them known."""
        return len({(t.ours, t.theirs) for t in self.talks if t.ours or t.theirs})

    @cached_property
    def users(self) -> int:
        """Own users."""
        return len({t.user for t in self.talks if t.user})

    @cached_property
    def top(self) -> Fraction | None:
        """Share of the busiest contact."""
        counts = self.by_contact.values()
        return Fraction(max(counts), sum(counts)) if counts else None

    @cached_property
    def unknown(self) -> int:
        """Contacts without a department."""
        return len({t.contact for t in self.talks if t.contact and t.theirs is None})

    def gates(self) -> list[bool]:
        """Return whether each gate is open, from the first stage on."""
        rules = self.rules
        return [
            self.has_order,
            len(self.theirs) >= int(rules["second_stage_departments"]),
            len(self.theirs) >= int(rules["third_stage_departments"])
            and len(self.ours) >= int(rules["third_stage_own_departments"])
            and any(t.is_executive for t in self.talks),
            self.has_joint,
            self.has_alliance,
        ]

    @cached_property
    def stage(self) -> int:
        """The number of gates before the first closed one."""
        gates = [*self.gates(), False]
        return gates.index(False)

    @cached_property
    def is_single(self) -> bool:
        """Whether it hangs on single people."""
        rules = self.rules
        if not self.talks:
            return False
        return (
            len(self.by_contact) < int(rules["minimum_contacts"])
            or self.users < int(rules["minimum_own_users"])
            or (len(self.talks) >= int(rules["top_contact_activities"])
                and (self.top or 0) >= Fraction(str(rules["top_contact_share"])))
        )  # fmt: skip


class Relationships:
    """The relationships of one company on every day described."""

    def __init__(self, books: Books) -> None:
        """Take the documents and accounts."""
        self.books, self.rows = books, books.inputs.rows
        self.days = sorted({*books.months, books.end})
        self.is_known = {"crm_activities", "erp_orders"} <= set(self.rows)
        self.contacts = {r["contact_id"]: r for r in self.rows.get("crm_contacts", [])}

    @cached_property
    def talks(self) -> dict[str, list[Talk]]:
        """Account to its talks up to the as-of date."""
        users = {r["user_id"]: r for r in self.rows.get("crm_users", [])}
        found: dict[str, list[Talk]] = defaultdict(list)
        for r in self.rows.get("crm_activities", []):
            day = business_day(r["activity_at"])
            if not r["is_two_way"] or day > self.books.end:
                continue
            if (r.get("channel") or "").lower() in AUTOMATIC:
                continue
            contact, user = r.get("contact_id"), r.get("user_id")
            theirs = self.contacts.get(contact, {}).get("department")
            ours = r.get("our_department") or users.get(user, {}).get("department")
            found[r["account_id"]].append(Talk(r["account_id"], day, contact, theirs, user, ours))
        return found

    @cached_property
    def first_orders(self) -> dict[str, date]:
        """Account to the day of its first order: completed, bought, not reversed."""
        good, found = unbilled_or_bought(self.books), {}
        bought = {
            r["order_id"] for r in self.rows.get("erp_order_lines", [])
            if r["net_amount"] > 0 and not r["is_return"]
        }  # fmt: skip
        for r in self.rows.get("erp_orders", []):
            if r["order_id"] in good & bought:
                account = r["account_id"]
                found[account] = min(found.get(account, r["order_date"]), r["order_date"])
        return found

    @cached_property
    def starts(self) -> dict[str, date]:
        """Account to the first day on which it is there."""
        found: dict[str, date] = {}
        for line in self.books.lines:
            first = line.day.replace(day=1)
            found[line.account] = min(found.get(line.account, first), first)
        for account in self.books.versions:
            created = self.books.created(account)
            if created:
                found[account] = min(found.get(account, created), created)
        return found

    def accounts(self, day: date) -> list[str]:
        """Return the external accounts that are there on a day."""
        internal = self.books.identity(day).internal
        return [
            a for a in self.books.versions
            if a not in internal and self.starts.get(a, FIRST_DAY) <= day
        ]  # fmt: skip

    def standing(self, account: str, day: date) -> Standing:
        """Return what an account has on a day."""
        rules = self.books.rule("relationship_rules", day)
        since = day - timedelta(days=int(rules["window_days"]))
        talks = [t for t in self.talks.get(account, []) if since < t.day <= day]
        oldest = day - timedelta(days=int(rules["rating_days"]))
        ratings = []
        for name in {t.contact for t in talks if t.contact}:
            r = self.contacts.get(name, {})
            rated_on = r.get("interpersonal_rated_on")
            if rated_on and r["interpersonal_rating"] and oldest <= rated_on <= day:
                ratings.append(r["interpersonal_rating"])
        proofs = [
            r for r in self.rows.get("crm_relationship_evidence", [])
            if r["account_id"] == account and r["start_date"] <= day
        ]  # fmt: skip
        joint_after = add_months(day, -int(rules["joint_months"]))
        return Standing(
            talks, self.first_orders.get(account, date.max) <= day,
            any(r["evidence_type"] in JOINT and r["start_date"] > joint_after for r in proofs),
            any(r["evidence_type"] in ALLIANCE and (r["end_date"] or day) >= day for r in proofs),
            max(ratings, default=None), rules,
        )  # fmt: skip

    @cached_property
    def standings(self) -> dict[tuple[date, str], Standing]:
        """What each account has on each day described."""
        return {
            (day, account): self.standing(account, day)
            for day in self.days * self.is_known for account in self.accounts(day)
        }  # fmt: skip

    def confirmed(self, account: str) -> Iterator[tuple[date, int, int]]:
        """Yield each day of an account, the stage that it holds, month-ends in a row below it.

        Each stage by itself: it is held until it was missed at so many month-ends in a row.
        """
        missed = dict.fromkeys(range(1, 6), 99)
        for day in self.days:
            standing = self.standings.get((day, account))
            if standing is None:
                continue
            for stage in missed:
                if standing.stage >= stage:
                    missed[stage] = 0
                elif day == month_end(day):
                    missed[stage] += 1
            limit = int(standing.rules["lost_after_month_ends"])
            held = max((s for s, n in missed.items() if n < limit), default=0)
            yield day, held, 0 if standing.stage >= held else missed[held]

    # --- wallet ---------------------------------------------------------------------------------

    def wallet_share(self, customer: str, members: set[str], day: date) -> Fraction | None:
        """Return what a customer buys from us of what it needs, on a day, exactly."""
        r = self.books.at(customer, day)
        if not r["wallet_amount"] or not self.books.is_fresh(
            r["wallet_as_of_date"], "wallet_months", day
        ):
            return None
        start = year_before(day)
        net = sum(x.net for x in self.books.lines if x.account in members and start < x.day <= day)
        return Fraction(net, int(r["wallet_amount"] * 100))

    def wallet_change(self, account: str, day: date) -> Decimal | None:
        """Return the change of the wallet share of an account's customer within a year."""
        before = year_before(day)
        if year_before(before) < self.books.first_document - timedelta(days=1):
            return None
        identity = self.books.identity(day)
        customer = identity.customer[account]
        members = {
            a for a, c in identity.customer.items() if c == customer and a not in identity.internal
        }
        shares = [self.wallet_share(customer, members, d) for d in (day, before)]
        if shares[0] is None or shares[1] is None:
            return None
        return ratio(shares[0] - shares[1])


def year_before(day: date) -> date:
    """Return the last day before the twelve months to a day (ruling 3)."""
    back = add_months(day, -12)
    return month_end(back) if month_end(day) == day else back
