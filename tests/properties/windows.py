"""Twelve-month windows of accounts recomputed from the lines: revenue, profit and its measure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from tests.properties.basics import add_months, half_away, month_end, month_number
from tests.properties.books import Books
from tests.properties.service_costs import ServiceCosts


@dataclass
class Sums:
    """Sums over lines, in cents; `known` and `known_net` hold the lines with a cost."""

    count: int = 0
    net: int = 0
    size: int = 0
    cost: int = 0
    known_net: int = 0
    known_size: int = 0

    def add(self, other: Sums) -> None:
        """Add the sums of other lines."""
        self.count += other.count
        self.net += other.net
        self.size += other.size
        self.cost += other.cost
        self.known_net += other.known_net
        self.known_size += other.known_size


@dataclass
class Measure:
    """How profit is measured at a month-end: by cost, or by revenue; and the cost ratios."""

    has_cost: bool
    has_service: bool = False
    families: dict[str, tuple[int, int]] = field(default_factory=dict)
    company: tuple[int, int] = (0, 0)

    def imputed(self, family: str, net: int) -> int:
        """Return the cost of lines without one, by their family's ratio, else the company's."""
        cost, base = self.families.get(family, (0, 0))
        if base <= 0:
            cost, base = self.company
        return half_away(net * cost, base) if base > 0 else 0

    @property
    def name(self) -> str:
        """Return the measure as the marts say it."""
        if self.has_cost and self.has_service:
            return "contribution_profit"
        return "gross_profit" if self.has_cost else "net_revenue"


@dataclass(frozen=True)
class Window:
    """One account over twelve months, in cents."""

    count: int
    net: int
    gross_profit: int
    size: int
    known_size: int
    service_cost: int

    def value(self, measure: str) -> int:
        """Return the profit by a measure."""
        return {
            "net_revenue": self.net,
            "gross_profit": self.gross_profit,
            "contribution_profit": self.gross_profit - self.service_cost,
        }[measure]


class Windows:
    """The windows of all accounts at the month-ends of a company."""

    def __init__(self, books: Books) -> None:
        """Group the lines by account, month and family."""
        self.books = books
        self.cells: dict[str, dict[int, dict[str, Sums]]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(Sums))
        )
        for line in books.lines:
            known = line.cost is not None
            self.cells[line.account][month_number(line.day)][line.family].add(
                Sums(1, line.net, abs(line.net), line.cost or 0, line.net * known,
                     abs(line.net) * known)
            )  # fmt: skip
        self.service = ServiceCosts(books)
        self._found: dict[date, dict[str, Window]] = {}
        self._measures: dict[date, Measure] = {}

    def families(self, account: str, first: int, last: int) -> dict[str, Sums]:
        """Return the sums by family over months, both ends included."""
        sums: dict[str, Sums] = defaultdict(Sums)
        for month, cells in self.cells.get(account, {}).items():
            if first <= month <= last:
                for family, cell in cells.items():
                    sums[family].add(cell)
        return sums

    def measure(self, day: date) -> Measure:
        """Return the measure of a month-end: cost where enough of it is known (decision 10)."""
        if day not in self._measures:
            number, books = month_number(day), self.books
            families: dict[str, Sums] = defaultdict(Sums)
            for account, months in self.cells.items():
                for month, cells in months.items():
                    sold = month_end(date((month - 1) // 12, (month - 1) % 12 + 1, 1))
                    if number - 12 < month <= number and not books.at(account, sold)["is_internal"]:
                        for family, cell in cells.items():
                            families[family].add(cell)
            company = Sums()
            for sums in families.values():
                company.add(sums)
            least = Decimal(books.rule("tier_config", day)["minimum_cost_coverage"])
            self._measures[day] = Measure(
                company.known_size > 0 and company.known_size >= company.size * least,
                bool(families) and self.service.is_known_from(add_months(day.replace(day=1), -11)),
                {f: (s.cost, s.known_net) for f, s in families.items()},
                (company.cost, company.known_net),
            )
        return self._measures[day]

    def at(self, day: date) -> dict[str, Window]:
        """Return the window of each account in the twelve months to a month-end.

        Who was served and bought nothing has one where profit is contribution profit.
        """
        if day not in self._found:
            number, measure = month_number(day), self.measure(day)
            self._found[day] = {}
            is_contribution = measure.name == "contribution_profit"
            for account in {*self.cells, *self.service.efforts}:
                families = self.families(account, number - 11, number)
                cost = self.service.cost(account, number - 11, number) if is_contribution else 0
                if families or cost:
                    self._found[day][account] = self._window(families, measure, cost)
        return self._found[day]

    def _window(self, families: dict[str, Sums], measure: Measure, cost: int) -> Window:
        total = Sums()
        profit = 0
        for family, sums in families.items():
            total.add(sums)
            profit += sums.net - sums.cost
            if sums.size != sums.known_size:
                profit -= measure.imputed(family, sums.net - sums.known_net)
        return Window(total.count, total.net, profit, total.size, total.known_size, cost)

    @cached_property
    def tier_months(self) -> list[date]:
        """The month-ends whose window starts on or after the first document (decision 11)."""
        return [
            m
            for m in self.books.months
            if add_months(m.replace(day=1), -11) >= self.books.first_document
        ]

    @cached_property
    def bridge_months(self) -> list[date]:
        """The month-ends whose opening window starts on or after the first document."""
        return [
            m
            for m in self.books.months
            if add_months(m.replace(day=1), -23) >= self.books.first_document
        ]
