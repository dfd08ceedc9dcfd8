"""What is asked of the generator, and the calendar that follows from it."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

Progress = Callable[[str], None]

MIN_ACCOUNTS, MAX_ACCOUNTS = 10, 999_999
MIN_MONTHS, MAX_MONTHS = 1, 240
MAX_DOCUMENTS_A_MONTH = 4000
STORY_ACCOUNTS, STORY_MONTHS = 60, 36
LINES_PER_ACCOUNT_MONTH = 6
# Mean of 1 + floor(5 u^1.25), the lines of a document (u uniform): 1 + sum over j of 1 - (j/5)^0.8.
MEAN_LINES = 1 + sum(1 - (j / 5) ** 0.8 for j in range(1, 5))

# Chinese New Year's Day; trade all but stops for a week around it.
_NEW_YEAR = {
    2015: (2, 19), 2016: (2, 8), 2017: (1, 28), 2018: (2, 16), 2019: (2, 5), 2020: (1, 25),
    2021: (2, 12), 2022: (2, 1), 2023: (1, 22), 2024: (2, 10), 2025: (1, 29), 2026: (2, 17),
    2027: (2, 6), 2028: (1, 26), 2029: (2, 13), 2030: (2, 3), 2031: (1, 23), 2032: (2, 11),
    2033: (1, 31), 2034: (2, 19), 2035: (2, 8),
}  # fmt: skip
_SEASON = (0.97, 0.93, 1.06, 1.02, 1.0, 1.03, 0.96, 0.95, 1.05, 1.02, 1.05, 1.08)


@dataclass(frozen=True)
class Spec:
    """Size, period and seed of one demo company; month 0 is the first month of the data."""

    accounts: int
    months: int
    end: date
    lines: int
    seed: int

    @property
    def start(self) -> date:
        """First day of the data, always the first of a month."""
        return self.month_start(0)

    @property
    def last_month(self) -> int:
        """Index of the last complete month on `end`; -1 when there is none."""
        return self.months - 1 if self.month_end(self.months - 1) == self.end else self.months - 2

    @property
    def has_stories(self) -> bool:
        """Stories need a crowd to stand out from, and three years for their two windows."""
        return self.accounts >= STORY_ACCOUNTS and self.last_month >= STORY_MONTHS - 1

    def month_start(self, month: int) -> date:
        """First day of the month with that index; negative indices lie before the data."""
        count = self.end.year * 12 + self.end.month - 1 - (self.months - 1) + month
        return date(count // 12, count % 12 + 1, 1)

    def month_end(self, month: int) -> date:
        """Last day of the month with that index."""
        first = self.month_start(month)
        return first.replace(day=calendar.monthrange(first.year, first.month)[1])

    def season(self, month: int) -> float:
        """Demand of the month against an average one; the New Year week is missing."""
        first = self.month_start(month)
        holiday = date(first.year, *_NEW_YEAR.get(first.year, (2, 5)))
        away = sum(
            (holiday + timedelta(days=d)).month == first.month
            and (holiday + timedelta(days=d)).year == first.year
            for d in range(-3, 8)
        )
        return _SEASON[first.month - 1] * (1 - 0.45 * away / 11)


def checked_spec(accounts: int, months: int, end: date, lines: int | None, seed: int) -> Spec:
    """The arguments as a `Spec`; a wrong one raises ValueError with what to do about it."""
    if not MIN_ACCOUNTS <= accounts <= MAX_ACCOUNTS:
        raise ValueError(
            f"accounts is {accounts}: choose a number from {MIN_ACCOUNTS} to {MAX_ACCOUNTS}"
        )
    if not MIN_MONTHS <= months <= MAX_MONTHS:
        raise ValueError(f"months is {months}: choose a number from {MIN_MONTHS} to {MAX_MONTHS}")
    if not date(2005, 1, 1) <= end <= date(2100, 12, 31):
        raise ValueError(f"end is {end}: choose a day from 2005-01-01 to 2100-12-31")
    wanted = accounts * months * LINES_PER_ACCOUNT_MONTH if lines is None else lines
    most = accounts * months * 200
    if not 1 <= wanted <= most:
        raise ValueError(
            f"lines is {wanted}: with {accounts} accounts and {months} months choose a number "
            f"from 1 to {most}, or ask for more accounts or months"
        )
    return Spec(accounts, months, end, wanted, seed)
