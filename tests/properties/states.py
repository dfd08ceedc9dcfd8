"""The states of customers day by day, and their losses, from their purchases (semantics 3.8)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property

from tests.properties.books import Books
from tests.properties.retention import customers
from tests.properties.rhythm import channel_of, described_days, limits, pooled_gaps, state_of

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Loss:
    """One silence in which a customer churned."""

    last: date
    churned: date
    back: date | None
    basis: str


@dataclass(frozen=True)
class Course:
    """What became of a customer: its purchase days, state and basis of each day from the first."""

    bought: list[date]
    states: dict[date, tuple[str, str]]

    def since(self, day: date) -> date:
        """Return the first day of the state of a day."""
        while (day - ONE_DAY) in self.states and (
            self.states[day - ONE_DAY][0] == self.states[day][0]
        ):
            day -= ONE_DAY
        return day

    @cached_property
    def losses(self) -> list[Loss]:
        """The losses, one per silence."""
        found = []
        for place, last in enumerate(self.bought):
            back = self.bought[place + 1] if place + 1 < len(self.bought) else None
            end = back or max(self.states) + ONE_DAY
            lost = (last + timedelta(days=n) for n in range((end - last).days))
            day = next((d for d in lost if self.states[d][0] == "churned"), None)
            if day:
                found.append(Loss(last, day, back, self.states[day][1]))
        return found


class Courses:
    """The courses of all customers of a company, by the accounts that they consist of on a day."""

    def __init__(self, books: Books) -> None:
        """Pool the gaps of each channel on each day described."""
        self.books, self.described = books, described_days(books)
        self.pools = {day: pooled_gaps(books, day) for day in self.described}
        self.course = cache(self._course)

    def on(self, day: date) -> dict[str, Course]:
        """Return the customers of a day that have bought by then."""
        found = {}
        for customer, accounts in customers(self.books, self.books.identity(day)).items():
            days = [d for a in accounts for d in self.books.purchases.get(a, [])]
            if days and min(days) <= day:
                found[customer] = self.course(customer, tuple(sorted(accounts)))
        return found

    def _course(self, customer: str, accounts: tuple[str, ...]) -> Course:
        books = self.books
        bought = sorted({d for a in accounts for d in books.purchases.get(a, [])})
        states = {}
        limits_of = cache(lambda count, day: limits(
            books, day, bought[:count],
            self.pools[day].get(channel_of(books, customer, day), []),
        ))  # fmt: skip
        for n in range((books.end - bought[0]).days + 1):
            day = bought[0] + timedelta(days=n)
            # A day is judged as the next one that is described.
            judged = self.described[bisect_left(self.described, day)]
            count = bisect_right(bought, day)
            basis, _, at_risk, churned = limits_of(count, judged)
            silence = (day - bought[count - 1]).days
            states[day] = (state_of(silence, at_risk, churned), basis)
        return Course(bought, states)
