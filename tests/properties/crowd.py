"""Builds a batch of companies and hands each one to the properties, with what was recomputed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from typing import Any

from tests.properties import influence, prospects, retention, tiers
from tests.properties.books import Books
from tests.properties.candidates import Candidates
from tests.properties.companies import BATCH, make_company
from tests.properties.compiled import changed_text
from tests.properties.control import Receipts
from tests.properties.credit import Credit
from tests.properties.discounts import Discounts
from tests.properties.harness import Builder, Inputs, Row
from tests.properties.ledger_days import Ledger
from tests.properties.payments import Payments
from tests.properties.relationships import Relationships
from tests.properties.rhythm import Rhythm, lifecycle
from tests.properties.states import Courses
from tests.properties.windows import Windows

# What a run for D says of a mart; `data_coverage` counts rows and is not keyed (`keyed.py`).
MARTS = (
    "accounts", "account_tiers", "account_tier_history", "tier_events", "tier_drop_drivers",
    "tier_drop_products", "receivables_open_items", "receivables_aging",
    "receivables_reconciliation", "payment_behaviour", "channel_collections",
    "collection_metrics", "revenue_movements", "retention_summary", "cohort_retention",
    "alert_events", "account_alerts", "owner_receivables", "cash_control", "credit_exposure",
    "tier_transitions", "account_value", "pareto",
    "provisional_tiers", "int_forecasts__account_months",
    "account_profitability", "int_candidates__influence", "int_candidates__prospects",
    "int_retention__lifecycle", "quasi_key_accounts", "tier_origins", "alert_quality",
    "restatements", "customer_lifecycle", "churned_accounts",
    "retention_reconciliation", "purchase_types", "customer_orders",
    "tenure_margins", "effort_mismatch",
    "service_levels", "service_site_levels", "internal_response", "opportunities", "buying_stages",
    "white_space", "cross_sells",
    "concentration", "forecasts", "forecast_accuracy", "seasonality", "referrals",
    "relationship_stages", "contact_coverage", "relationship_matrix", "stage_profits",
    "owner_turnover", "portfolio_summary", "int_calendar__dates",
)  # fmt: skip


@dataclass(frozen=True)
class Violation:
    """One property that one company breaks."""

    seed: int
    name: str
    message: str

    def __str__(self) -> str:
        """Say what broke and how to build just that company again."""
        return f"{self.name}: {self.message} [python -m tests.properties --seed {self.seed}]"


class Case:
    """One company: its inputs, what the marts say of it, what was recomputed."""

    def __init__(self, seed: int, inputs: Inputs, marts: Callable[[str], list[Row]]) -> None:
        """Take the inputs and a function that returns the rows of a mart."""
        self.seed, self.inputs, self.mart = seed, inputs, marts

    @cached_property
    def books(self) -> Books:
        """Single documents and identity."""
        return Books(self.inputs)

    @cached_property
    def windows(self) -> Windows:
        """Twelve-month windows."""
        return Windows(self.books)

    @cached_property
    def discounts(self) -> Discounts:
        """List prices and discounts."""
        return Discounts(self.books)

    @cached_property
    def ledger(self) -> Ledger:
        """Open items."""
        return Ledger(self.books)

    @cached_property
    def old_debts(self) -> dict[str, list[tuple[date, date]]]:
        """Account to the periods in which it owed anything more than 90 days past due."""
        return self.ledger.old_periods()

    @cached_property
    def payments(self) -> Payments:
        """How accounts pay."""
        return Payments(self.books, self.ledger, self.windows)

    @cached_property
    def receipts(self) -> Receipts:
        """Receipts and what became of them."""
        return Receipts(self.books, self.ledger)

    @cached_property
    def credit(self) -> Credit:
        """Orders and credit limits."""
        return Credit(self.books, self.ledger)

    @cached_property
    def ratings(self) -> dict[date, dict[str, tiers.Rating]]:
        """Tiers by month-end and unit."""
        return tiers.ratings(self.books, self.windows)

    @cached_property
    def rhythms(self) -> dict[tuple[date, str], Rhythm]:
        """Rhythm and state by day and customer."""
        return lifecycle(self.books)

    @cached_property
    def courses(self) -> Courses:
        """States of customers day by day."""
        return Courses(self.books)

    @cached_property
    def candidates(self) -> Candidates:
        """Who could be a candidate for key account, from what influence and prospects say."""
        measures: dict[tuple[date, str], dict[str, Any]] = defaultdict(dict)
        for model in ("int_candidates__influence", "int_candidates__prospects"):
            for r in self.mart(model):
                measures[r["month_end"], r["tier_unit_id"]] |= r
        return Candidates(self.books, self.windows, self.ratings, self.rhythms, measures)

    @cached_property
    def relationships(self) -> Relationships:
        """Talks, orders and evidence."""
        return Relationships(self.books)

    @cached_property
    def influences(self) -> dict[tuple[date, str], influence.Influence]:
        """Influence by month-end and unit."""
        return influence.influences(self.books, self.windows, self.ratings)

    @cached_property
    def prospects(self) -> dict[tuple[date, str], prospects.Prospect]:
        """Prospects by month-end and unit."""
        return prospects.prospects(self.books, self.windows, self.ratings)

    @cached_property
    def yearly(self) -> dict[str, dict[tuple[date, str], retention.Movement]]:
        """Measure to the yearly bridge by month-end and customer."""
        return {m: retention.movements(self.books, self.windows, m) for m in ("revenue", "profit")}

    @cached_property
    def has_receivables(self) -> bool:
        """Whether applications are delivered (ruling 18)."""
        return "erp_payment_applications" in self.inputs.rows

    @cached_property
    def is_base_only(self) -> bool:
        """Whether every document is in the base currency."""
        rows = [*self.inputs.rows["erp_invoices"], *self.inputs.rows.get("erp_payments", [])]
        return all(r["currency_code"] in {None, "CNY"} for r in rows)


def table_of(mart: str) -> str:
    """Return a mart, or a model that a property reads beside them, with its schema."""
    return f"{'intermediate' if mart.startswith('int_') else 'marts'}.{mart}"


class Crowd:
    """A built batch of companies."""

    def __init__(
        self, companies: Mapping[int, Inputs], wanted: Iterable[str] = MARTS, changed: Any = None
    ) -> None:
        """Build the wanted marts; `changed` lays fragments over the models (`Builder.build`)."""
        self.companies = companies
        self.builder = Builder(is_keyed=True)
        self.builder.build(companies, wanted, changed)
        self._marts: dict[str, dict[int, list[Row]]] = {}
        # Models to be built anew before a mart that rests on them is read.
        self._stale: set[str] = set()
        self._changed: Mapping[str, tuple[str, str]] = {}

    @contextmanager
    def broken(self, changed: Mapping[str, tuple[str, str]]) -> Iterator[None]:
        """Within the block, models have fragments replaced, and what rests on them follows.

        Marts follow when they are read. Raises ValueError when a model does not hold its fragment.
        """
        con, kept = self.builder.con, self._marts
        project = self.builder.project(self.companies)
        con.begin()
        self._marts, self._changed = {}, changed
        self._stale = {m for name in changed for m in (name, *project.downstream(name))}
        try:
            for name, fragments in changed.items():
                changed_text(project.models[name], fragments)
            yield
        finally:
            con.rollback()
            self._marts, self._changed, self._stale = kept, {}, set()

    def _refresh(self, mart: str) -> None:
        project = self.builder.project(self.companies)
        day = next(iter(self.companies.values())).as_of_date
        for name in project.upstream([mart]):
            if name in self._stale:
                self.builder.run(project.models[name], day, self._changed.get(name))
                self._stale.remove(name)

    def rows(self, mart: str) -> dict[int, list[Row]]:
        """Return the rows of a mart by company; `mart where ...` takes a part of them."""
        if mart not in self._marts:
            if self._stale:
                self._refresh(mart.split()[0])
            found: dict[int, list[Row]] = defaultdict(list)
            for row in self.builder.records(f"select * from {table_of(mart)} order by all"):
                found[row.pop("company")].append(row)
            self._marts[mart] = found
        return self._marts[mart]

    def cases(self) -> Iterator[Case]:
        """Yield the companies one by one."""
        for seed, inputs in self.companies.items():
            yield Case(seed, inputs, lambda mart, seed=seed: self.rows(mart).get(seed, []))

    def failed_tests(self) -> list[Violation]:
        """Run the data tests of the project over all companies; not while a model is broken."""
        assert not self._stale
        tests = self.builder.failures(self.companies, self.builder.data_tests(self.companies))
        return [
            Violation(seed, f"data test {name}", str(next(r for r in rows if r["company"] == seed)))
            for name, rows in tests.items()
            for seed in sorted({r["company"] for r in rows})
        ]


def batch(first: int, count: int) -> dict[int, Inputs]:
    """Return so many companies of one batch, from a seed on."""
    if first // BATCH != (first + count - 1) // BATCH:
        raise ValueError(f"seeds {first} to {first + count - 1} are in two batches of {BATCH}")
    return {seed: make_company(seed) for seed in range(first, first + count)}


@cache
def crowd(first: int, count: int) -> Crowd:
    """Build so many companies of one batch, once per process."""
    return Crowd(batch(first, count))


def cents(amount: Decimal | None) -> int | None:
    """Return an amount of a mart in cents."""
    return None if amount is None else int(amount * 100)


def difference(expected: Mapping[Any, Any], found: Mapping[Any, Any]) -> str:
    """Return the first key on which two mappings differ, or an empty text."""
    keys = [k for k in {**expected, **found} if expected.get(k) != found.get(k)]
    if not keys:
        return ""
    key = min(keys, key=str)
    return f"{len(keys)} differ, first {key}: expected {expected.get(key)}, found {found.get(key)}"
