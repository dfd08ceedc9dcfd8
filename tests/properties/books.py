"""What the semantics say of single documents and of who belongs to whom, from the rows alone.

Plain Python over the rows of a company, in whole cents; nothing is shared with the models' SQL.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from tests.properties.basics import (
    BASE,
    FIRST_DAY,
    Identity,
    Line,
    add_months,
    business_day,
    end_of,
    half_away,
    month_end,
    to_cents,
)
from tests.properties.harness import Inputs, Row, seeds

# An unstamped version stands behind every stamped one of its day.
UNSTAMPED = datetime(1, 1, 1)  # noqa: DTZ001 - landed instants are naive UTC


class Books:
    """The documents and accounts of one company as known on its as-of date."""

    def __init__(self, inputs: Inputs) -> None:
        """Take what is dated up to the as-of date."""
        self.inputs, self.end = inputs, inputs.as_of_date
        rows = inputs.rows
        self.rates: dict[str, list[tuple[date, int]]] = defaultdict(list)
        for r in sorted(rows.get("erp_exchange_rates", []), key=lambda r: r["rate_date"]):
            self.rates[r["currency_code"]].append((r["rate_date"], int(r["rate_to_base"] * 10**8)))
        self.documents = {
            r["invoice_id"]: r
            for r in rows["erp_invoices"]
            if r["invoice_date"] <= self.end and r["status"] in {None, "posted"}
        }
        self.payments = {
            r["payment_id"]: r
            for r in rows.get("erp_payments", [])
            if r["received_date"] <= self.end
        }
        self.applications = [
            r for r in rows.get("erp_payment_applications", []) if r["applied_date"] <= self.end
        ]
        self.versions = self._versions()
        self._identities: dict[date, Identity] = {}

    # --- accounts -------------------------------------------------------------------------------

    def _versions(self) -> dict[str, list[tuple[date, Row]]]:
        documented = {
            r["account_id"]
            for r in self.inputs.rows["erp_invoices"]
            if r["invoice_date"] <= self.end
        } | {r["account_id"] for r in self.payments.values()}
        found: dict[str, dict[date, tuple[Any, ...]]] = defaultdict(dict)
        first: dict[str, date] = {}
        for place, row in enumerate(self.inputs.rows["crm_accounts"]):
            account = row["account_id"]
            created = row["created_at"] and business_day(row["created_at"])
            if created and created > self.end and account not in documented:
                continue
            day = business_day(row["updated_at"] or row["landed_as_of"])
            first[account] = min(first.get(account, day), day)
            rank = (row["updated_at"] or UNSTAMPED, row["_load"], -place)
            if day not in found[account] or rank > found[account][day][0]:
                found[account][day] = (rank, row)
        return {
            account: [
                (FIRST_DAY if day == first[account] else day, row)
                for day, (_, row) in sorted(days.items())
                if day <= self.end or day == first[account]
            ]
            for account, days in found.items()
        }

    def at(self, account: str, day: date) -> Row:
        """Return the version of an account in force on a day."""
        versions = self.versions[account]
        return versions[bisect_right([v[0] for v in versions], day) - 1][1]

    def created(self, account: str) -> date | None:
        """Return the business day of the CRM record."""
        stamp = self.versions[account][0][1]["created_at"]
        return stamp and business_day(stamp)

    def identity(self, day: date) -> Identity:
        """Return who belongs to whom on a day (ruling 6)."""
        if day not in self._identities:
            self._identities[day] = self._identity({a: self.at(a, day) for a in self.versions})
        return self._identities[day]

    def _identity(self, rows: dict[str, Row]) -> Identity:
        internal = frozenset(a for a, r in rows.items() if r["is_internal"])
        merged = {
            a: r["merged_into_account_id"]
            for a, r in rows.items()
            if r["merged_into_account_id"] in rows and r["merged_into_account_id"] != a
        }
        survivor = {a: end_of(a, merged) for a in rows}
        # Accounts that share a tax id or a survivor are one customer, however long the way.
        groups = {a: {a} for a in rows if a not in internal}
        shared: dict[str, str] = {}
        for a in groups:
            keys = [f"record {survivor[a]}"]
            keys += [f"tax {rows[a]['tax_id']}"] if rows[a]["tax_id"] else []
            for key in keys:
                other = shared.setdefault(key, a)
                both = groups[a] | groups[other]
                for member in both:
                    groups[member] = both
        customer = {a: a if a in internal else min(survivor[m] for m in groups[a]) for a in rows}
        parent = {}
        for a, r in rows.items():
            above = r["parent_account_id"]
            if a in internal or customer[a] != a or above not in rows or above in internal:
                continue
            if customer[above] != a:
                parent[a] = customer[above]
        return Identity(customer, {a: end_of(customer[a], parent) for a in rows}, internal)

    # --- money ----------------------------------------------------------------------------------

    def rate(self, currency: str | None, day: date) -> int:
        """Return the rate of a day in 10^-8: the newest one, at most ten days old (ruling 16)."""
        if currency in {None, BASE}:
            return 10**8
        rates = self.rates[str(currency)]
        place = bisect_right(rates, (day, 10**30)) - 1
        if place < 0 or (day - rates[place][0]).days > 10:
            raise LookupError(f"no rate for {currency} on {day}")
        return rates[place][1]

    def in_base(self, amount: int, currency: str | None, day: date) -> int:
        """Return an amount in cents of the base currency, by the rate of a day."""
        return half_away(amount * self.rate(currency, day), 10**8)

    @cached_property
    def lines(self) -> list[Line]:
        """The lines of posted documents."""
        families = {
            r["product_id"]: r["product_family"] for r in self.inputs.rows.get("erp_products", [])
        }
        found = []
        for r in self.inputs.rows["erp_invoice_lines"]:
            document = self.documents.get(r["invoice_id"])
            if document is None:
                continue
            day, code = document["invoice_date"], document["currency_code"]
            cost, (listed, quantity) = r["cogs_amount"], self.priced(r, document)
            found.append(
                Line(
                    document["account_id"], day, families.get(r["product_id"], "unknown"),
                    self.in_base(to_cents(r["net_amount"]), code, day),
                    None if cost is None else self.in_base(to_cents(cost), code, day),
                    document["document_type"] == "invoice", quantity,
                    None if listed is None else self.in_base(to_cents(listed), code, day),
                )
            )  # fmt: skip
        return found

    @staticmethod
    def priced(line: Row, document: Row) -> tuple[Decimal | None, Decimal | None]:
        """Return list amount and quantity of a line: a rebate gives back no goods."""
        is_credit = document["document_type"] == "credit_note"
        if is_credit and document.get("credit_reason") in {"rebate", "price_correction"}:
            return Decimal(0), Decimal(0)
        return line["list_amount"], line["quantity"]

    @cached_property
    def purchases(self) -> dict[str, list[date]]:
        """Account to the days of its purchases, in order."""
        found: dict[str, list[date]] = defaultdict(list)
        for r in self.bought.values():
            found[r["account_id"]].append(r["invoice_date"])
        return {account: sorted(days) for account, days in found.items()}

    @cached_property
    def bought(self) -> dict[str, Row]:
        """The invoices that are purchases, by number (decision 9, ruling 15)."""
        net: dict[str, int] = defaultdict(int)
        for r in self.inputs.rows["erp_invoice_lines"]:
            net[r["invoice_id"]] += to_cents(r["net_amount"])
        applied: dict[str, int] = defaultdict(int)
        for r in self.applications:
            if r["application_type"] == "credit_note":
                applied[r["invoice_id"]] += to_cents(r["amount"])
        billed: dict[str, int] = defaultdict(int)
        credited: dict[str, int] = defaultdict(int)
        for r in self.documents.values():
            if r["order_id"]:
                is_invoice = r["document_type"] == "invoice"
                sums = billed if is_invoice else credited
                sums[r["order_id"]] += to_cents(r["gross_amount"]) * (1 if is_invoice else -1)
        found = {}
        for key, r in self.documents.items():
            if r["document_type"] != "invoice" or net[key] <= 0:
                continue
            by_application = 0 < applied[key] >= to_cents(r["gross_amount"])
            order = r["order_id"]
            by_order = order and 0 < credited[order] >= billed[order]
            if not by_application and not by_order:
                found[key] = r
        return found

    # --- time -----------------------------------------------------------------------------------

    @cached_property
    def first_document(self) -> date:
        """The earliest posted document of an account that was not internal then (ruling 4)."""
        return min(
            r["invoice_date"]
            for r in self.documents.values()
            if not self.at(r["account_id"], r["invoice_date"])["is_internal"]
        )

    @cached_property
    def months(self) -> list[date]:
        """The month-ends from the first document to the as-of date."""
        found, day = [], month_end(self.first_document)
        while day <= self.end:
            found.append(day)
            day = month_end(day + timedelta(days=1))
        return found

    def rule(self, seed: str, day: date, **where: str) -> Row:
        """Return the dated rule in force on a day."""
        rows = [
            r
            for r in self.inputs.rules.get(seed) or seeds()[seed][1]
            if date.fromisoformat(r["valid_from"]) <= day
            and all(r[k] == v for k, v in where.items())
        ]
        return max(rows, key=lambda r: r["valid_from"])

    def is_fresh(self, stated_on: date | None, months: str, day: date) -> bool:
        """Return whether a manual value counts on a day; `months` names its rule for candidates."""
        limit = int(self.rule("candidate_config", day)[months])
        return stated_on is not None and add_months(day, -limit) < stated_on <= day

    def is_reference(self, account: str, day: date) -> bool:
        """Return whether an account is a model for others by its rating (T7)."""
        version, rules = self.at(account, day), self.rule("candidate_config", day)
        score = version["influence_score"]
        is_high = score is not None and score >= int(rules["minimum_influence_score"])
        return is_high and self.is_fresh(version["influence_rated_on"], "influence_months", day)
