"""Who owned each account, day by day, and who left (P11, P12), from the rows alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from tests.properties.basics import FIRST_DAY, business_day, month_end
from tests.properties.books import UNSTAMPED, Books
from tests.properties.harness import Row
from tests.properties.relationships import Relationships

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Change:
    """One change or loss of an owner; `month` is the last month-end before it."""

    account: str
    day: date
    kind: str
    former: str
    after: str | None

    @property
    def month(self) -> date:
        """The last month-end before the day."""
        return self.day.replace(day=1) - ONE_DAY


class Owners:
    """Owners of one company: each day is looked at by itself, no period is built."""

    def __init__(self, books: Books, relationships: Relationships) -> None:
        """Take accounts and the first day on which each one is there."""
        self.books, self.starts = books, relationships.starts
        self.rows = books.inputs.rows

    # --- people ---------------------------------------------------------------------------------

    @cached_property
    def people(self) -> dict[str, list[tuple[date, Row]]]:
        """User to its versions up to the as-of date, oldest first, with their days."""
        found: dict[str, dict[date, tuple[tuple, Row]]] = {}
        for place, r in enumerate(self.rows.get("crm_users", [])):
            day = business_day(r["updated_at"] or r["landed_as_of"])
            rank = (r["updated_at"] or UNSTAMPED, r["_load"], -place)
            days = found.setdefault(r["user_id"], {})
            if day not in days or rank > days[day][0]:
                days[day] = (rank, r)
        return {
            user: [
                (d, r) for d, (_, r) in sorted(days.items())
                if d <= self.books.end or d == min(days)
            ]
            for user, days in found.items()
        }  # fmt: skip

    def left_on(self, user: str) -> date | None:
        """Return the first day without a user, by the as-of date."""
        versions = self.people.get(user)
        if not versions:
            return None
        newest = versions[-1][1]
        if newest["deactivated_on"]:
            day = newest["deactivated_on"]
        elif newest["is_active"] is False:
            day = FIRST_DAY
            for place, (since, r) in enumerate(versions):
                if (
                    r["is_active"] is False
                    and place
                    and versions[place - 1][1]["is_active"] in {None, True}
                ):
                    day = since
        else:
            return None
        return day if day <= self.books.end else None

    @cached_property
    def gone(self) -> dict[str, date]:
        """Those who left, and since when."""
        days = {user: self.left_on(user) for user in self.people}
        return {user: day for user, day in days.items() if day is not None}

    def team(self, user: str) -> str | None:
        """Return the team of a user as last stated."""
        versions = self.people.get(user)
        return versions[-1][1]["team"] if versions else None

    # --- accounts -------------------------------------------------------------------------------

    def said(self, account: str) -> list[tuple[date, str | None]]:
        """Return from when on who is said to own an account: what is remembered, then versions."""
        versions = [(day, r["owner_user_id"]) for day, r in self.books.versions[account]]
        first = self.known_from(account, is_landed=True)
        known = set(self.people)
        before = [
            (r["valid_from"], r["value"] if r["value"] in known else None)
            for r in self.rows.get("crm_account_history", [])
            if r["account_id"] == account and r["field"] == "owner_user_id"
            and r["valid_from"] < first and r["valid_from"] <= self.books.end
        ]  # fmt: skip
        if before:
            versions[0] = (first, versions[0][1])
        return sorted([*before, *versions], key=lambda v: v[0])

    def known_from(self, account: str, is_landed: bool = False) -> date:
        """Return the day from which on it is known who owned an account."""
        first = min(
            business_day(r["updated_at"] or r["landed_as_of"])
            for r in self.rows["crm_accounts"]
            if r["account_id"] == account
        )
        if is_landed:
            return first
        return min(
            [first]
            + [
                r["valid_from"] for r in self.rows.get("crm_account_history", [])
                if r["account_id"] == account and r["field"] == "owner_user_id"
                and r["valid_from"] <= self.books.end
            ]
        )  # fmt: skip

    def owner(self, account: str, said: list[tuple[date, str | None]], day: date) -> str | None:
        """Return who owns an account on a day and is here."""
        if day < self.starts.get(account, FIRST_DAY):
            return None
        named = [owner for since, owner in said if since <= day]
        owner = named[-1] if named else None
        return None if owner is None or self.gone.get(owner, date.max) <= day else owner

    @cached_property
    def changes(self) -> list[Change]:
        """Every change or loss of an owner by the as-of date."""
        found = []
        for account in self.books.versions:
            said = self.said(account)
            days = sorted(
                day
                for day in {d for d, _ in said} | set(self.gone.values())
                | {self.starts.get(account, FIRST_DAY)}
                if FIRST_DAY < day <= self.books.end
            )  # fmt: skip
            for day in days:
                former = self.owner(account, said, day - ONE_DAY)
                now = self.owner(account, said, day)
                version = self.books.at(account, day)
                if former is None or former == now or version["is_internal"]:
                    continue
                if version["merged_into_account_id"] not in {None, account}:
                    continue
                later = (self.owner(account, said, d) for d in days if d >= day)
                kind = "handed_over" if now else "no_owner"
                if self.gone.get(former) == day:
                    kind = "owner_left"
                after = next((o for o in later if o), None)
                found.append(Change(account, day, kind, former, after))
        return found

    # --- departures -----------------------------------------------------------------------------

    @cached_property
    def leavers(self) -> dict[str, date]:
        """Those who left accounts behind."""
        return {c.former: c.day for c in self.changes if c.kind == "owner_left"}

    def _window(self, team: str, day: date) -> set[str]:
        rule = self.books.rule("alert_rules", day, rule="mass_departure_days")
        days = timedelta(days=int(float(rule["amount"])))
        return {
            u for u, d in self.leavers.items() if self.team(u) == team and day - days <= d <= day
        }

    @cached_property
    def mass(self) -> dict[tuple[str, date], set[str]]:
        """Team and day on which it had lost many, and whom."""
        found = {}
        for user, day in self.leavers.items():
            team = self.team(user)
            if team is None:
                continue
            rule = self.books.rule("alert_rules", day, rule="mass_departure_owners")
            lost = self._window(team, day)
            if len(lost) >= int(float(rule["amount"])):
                found[team, day] = lost
        return found

    @cached_property
    def openings(self) -> dict[tuple[str, date], set[str]]:
        """Of these the first days of a run."""
        return {
            (team, day): lost for (team, day), lost in self.mass.items()
            if not any(
                t == team and d < day
                and any(self.leavers[u] == d for u in self._window(team, day))
                for t, d in self.mass
            )
        }  # fmt: skip


def ends(case_month: date) -> tuple[date, date]:
    """Return the month-ends a year before and a year after one."""
    number = case_month.year * 12 + case_month.month - 1
    return tuple(month_end(date((number + n) // 12, (number + n) % 12 + 1, 1)) for n in (-12, 12))  # type: ignore[return-value]
