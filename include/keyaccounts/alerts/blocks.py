"""One alert as a reader sees it: a title, facts, reasons that add up, a next step, a link.

Amounts come from the payload of the event and are shown with cents, so that the reasons shown
add up exactly to the total change (invariants I36 and I38).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from keyaccounts.alerts import wording
from keyaccounts.alerts.candidate_facts import TYPES as CANDIDATE_TYPES
from keyaccounts.alerts.candidate_facts import candidate_facts, candidate_reasons
from keyaccounts.alerts.control_facts import control_facts
from keyaccounts.alerts.formats import is_number, money, one_line, percent, signed
from keyaccounts.alerts.links import Links
from keyaccounts.alerts.model import Candidate, Entry
from keyaccounts.alerts.payment_facts import TYPES as PAYMENT_TYPES
from keyaccounts.alerts.payment_facts import payment_facts
from keyaccounts.alerts.portfolio_facts import TYPES as PORTFOLIO_TYPES
from keyaccounts.alerts.portfolio_facts import portfolio_facts, whom

SHOWN_REASONS = 3
SHOWN_PRODUCTS = 3
CONTACT_DAYS = 60
NEGATIVE_TYPES = {"tier_drop", "tier_watch", "tier_lapsed"}
IDENTITY_KEYS = {"account_name", "base_currency", "effective_date", "owner_user_id", "tier_unit_id"}


@dataclass(frozen=True)
class Fact:
    """A label and what is to be said."""

    label: str
    value: str


@dataclass(frozen=True)
class Reason:
    """One line of the profit bridge; `is_total` marks the sum of the lines above it."""

    label: str
    amount: str
    is_total: bool = False


@dataclass(frozen=True)
class Block:
    """One alert, ready to be laid out; every text is one clean line, not yet escaped."""

    severity: str
    title: str
    facts: tuple[Fact, ...]
    reasons: tuple[Reason, ...] = ()
    facts_after: tuple[Fact, ...] = ()
    next_step: str = ""
    link: str = ""
    answer_link: str = ""
    note: str = ""
    headline: str = ""
    """The size of the matter, for one-line use."""


def build_block(
    event: Candidate, *, name: str, owner: str, currency: str, links: Links, note: str = ""
) -> Block:
    """Return the block of one event; `name` and `owner` stand in where the payload has none."""
    payload = event.payload
    money_unit = one_line(payload.get("base_currency") or currency)
    reader = _Reader(event, one_line(payload.get("account_name") or name), money_unit)
    is_tier = "profit_current_amount" in payload
    who = Fact("Account", f"{reader.name} ({event.account_id or event.unit_id}), owner {owner}")
    if event.unit_type == "owner":
        who = Fact("Account manager", f"{owner} ({event.unit_id})")
    if event.unit_type == "scope":
        who = Fact("Largest account", f"{reader.name}, {event.account_id}")
    if event.alert_type in PORTFOLIO_TYPES:
        who = Fact(*whom(event.unit_type, event.unit_id, reader.name))
    since = Fact("Effective", event.effective_date.isoformat())
    facts = (who, since, *(reader.profit() if is_tier else reader.generic()))
    return Block(
        severity=one_line(event.severity),
        title=reader.title(),
        facts=tuple(Fact(one_line(fact.label), one_line(fact.value, 500)) for fact in facts),
        reasons=reader.reasons(),
        facts_after=tuple(Fact(fact.label, one_line(fact.value, 500)) for fact in reader.after())
        if is_tier
        else (),
        next_step=one_line(reader.next_step(), 500),
        link=links.account(event.account_id),
        answer_link=links.alert(event.event_key),
        note=note,
        headline=reader.headline(),
    )


def past_title(entry: Entry, name: str) -> str:
    """Return the sentence of an event of which only the ledger still knows."""
    return wording.title(
        one_line(entry.alert_type),
        name=one_line(name),
        unit_id=one_line(entry.unit_id),
        from_value=one_line(entry.from_value or "unknown"),
        to_value=one_line(entry.to_value or "unknown"),
    )


@dataclass(frozen=True)
class _Reader:
    event: Candidate
    name: str
    unit: str

    def get(self, key: str) -> Any:
        return self.event.payload.get(key)

    def amount(self, key: str) -> str | None:
        value = self.get(key)
        return f"{self.unit} {money(value)}" if is_number(value) else None

    def title(self) -> str:
        facts = {key: one_line(value) for key, value in self.event.payload.items()}
        return wording.title(
            one_line(self.event.alert_type),
            **facts
            | {
                "name": self.name,
                "unit_id": one_line(self.event.unit_id),
                "from_value": one_line(self.event.from_value or "unknown"),
                "to_value": one_line(self.event.to_value or "unknown"),
            },
        )

    def headline(self) -> str:
        change = self.get("own_profit_change_amount")
        if is_number(change):
            ratio = self.get("own_profit_change_ratio")
            part = f" ({percent(ratio)})" if is_number(ratio) else ""
            return f"profit {self.unit} {signed(change)}{part}"
        stake = self.event.at_stake_amount
        size = f"{self.unit} {money(stake)}" if stake is not None else ""
        if self.event.alert_type in CANDIDATE_TYPES and size:
            return f"by {candidate_reasons(self.event.payload)}, profit {size}"
        promised = self.amount("promised_amount")
        if promised and size:
            day = one_line(self.get("promised_date"))
            return f"{size} missing of {promised} promised for {day}"
        return size

    def profit(self) -> list[Fact]:
        label = wording.MEASURES.get(self.get("measure_used"), "Profit")
        now, prior = self.amount("profit_current_amount"), self.amount("profit_prior_amount")
        if prior is None:
            return [Fact(label, f"{now} in 12 months; the year before is not known")]
        change, ratio = self.get("own_profit_change_amount"), self.get("own_profit_change_ratio")
        size = f" ({percent(ratio)})" if is_number(ratio) else ""
        moved = f", {signed(change)}{size} against" if is_number(change) else "; was"
        return [Fact(label, f"{now} in 12 months{moved} {prior} the year before")]

    def reasons(self) -> tuple[Reason, ...]:
        """The three most negative drivers, the rest in one line, and the total."""
        drivers: Sequence[Mapping[str, Any]] = self.get("drivers") or ()
        total = self.get("own_profit_change_amount")
        if not drivers or not is_number(total):
            return ()
        negative = sorted(
            (driver for driver in drivers if driver["amount"] < 0),
            key=lambda driver: (driver["amount"], driver["driver"]),
        )[:SHOWN_REASONS]
        shown = [
            Reason(
                wording.DRIVERS.get(driver["driver"], one_line(driver["driver"])),
                signed(driver["amount"]),
            )
            for driver in negative
        ]
        rest = total - sum((driver["amount"] for driver in negative), Decimal(0))
        if rest or not shown:
            shown.append(Reason("Everything else" if shown else "All reasons", signed(rest)))
        return (*shown, Reason("Change in all", signed(total), is_total=True))

    def after(self) -> list[Fact]:
        facts = [Fact("Cause", self.cause())] if self.event.cause else []
        products = self.get("lost_products") or []
        if products:
            facts.append(Fact("No longer bought", _products(products)))
        facts += [Fact("Payment", self.payment()), Fact("Contact", self.contact())]
        regain = self.amount("profit_to_regain_amount")
        if regain and self.event.alert_type in NEGATIVE_TYPES and self.event.from_value:
            facts.append(
                Fact(f"To be {self.event.from_value} again", f"{regain} more profit in 12 months")
            )
        return facts

    def cause(self) -> str:
        text = wording.CAUSES.get(self.event.cause or "", one_line(self.event.cause or ""))
        moved = self.get("threshold_change_amount")
        if self.event.cause == "relative" and is_number(moved):
            text += f" The limit of {self.event.from_value} moved by {signed(moved)}."
        return text

    def payment(self) -> str:
        gross, overdue = self.amount("gross_open_amount"), self.amount("overdue_amount")
        if gross is None or overdue is None:
            return "not known"
        late = self.amount("overdue_90_plus_amount")
        more = f", {late} more than 90 days" if late else ""
        return f"{overdue} overdue of {gross} open{more}{self.pace()}"

    def pace(self) -> str:
        days = self.get("over_terms_days")
        if not is_number(days):
            return ""
        whole = int(Decimal(days).to_integral_value(ROUND_HALF_UP))
        return f"; pays {whole} days after terms" if whole > 0 else "; pays within terms"

    def contact(self) -> str:
        days = self.get("days_since_two_way_contact")
        said = f"{days} days ago" if is_number(days) else "none on record"
        last = self.get("last_purchase_date")
        threads = ", all of it hangs on one person" if self.get("is_single_threaded") else ""
        return f"last two-way contact {said}{threads}; last purchase {last or 'not known'}"

    def next_step(self) -> str:
        """From the cause, else the most negative driver; silence comes first."""
        step = wording.NEXT_BY_TYPE.get(self.event.alert_type, "")
        if self.event.alert_type in NEGATIVE_TYPES:
            step = wording.NEXT_BY_CAUSE.get(self.event.cause or "") or self._driver_step()
        days = self.get("days_since_two_way_contact")
        if is_number(days) and days > CONTACT_DAYS:
            return f"Call first: {days} days without a two-way contact. {step}".strip()
        return step

    def _driver_step(self) -> str:
        drivers = [driver for driver in self.get("drivers") or () if driver["amount"] < 0]
        if not drivers:
            return "Visit the customer and agree the next orders."
        worst = min(drivers, key=lambda driver: (driver["amount"], driver["driver"]))["driver"]
        products = self.get("lost_products") or []
        name = products[0]["product_family"] if products else "the lost product"
        return wording.NEXT_BY_DRIVER.get(worst, "").format(products=one_line(name))

    def generic(self) -> list[Fact]:
        if self.event.alert_type in PAYMENT_TYPES and "collection_cycle_days" in self.event.payload:
            return [Fact(*told) for told in payment_facts(self.event.payload, self.unit)]
        if self.event.alert_type in CANDIDATE_TYPES and self.get("reasons"):
            return [Fact(*told) for told in candidate_facts(self.event.payload, self.unit)]
        said = portfolio_facts(self.event.alert_type, self.event.payload, self.unit)
        if said:
            return [Fact(*fact) for fact in said]
        told = control_facts(self.event.alert_type, self.event.payload, self.unit)
        facts = [Fact(label, text) for label, text in told or ()]
        if facts:
            return facts
        for key, value in sorted(self.event.payload.items()):
            if key in IDENTITY_KEYS or value is None or isinstance(value, list | dict):
                continue
            facts.append(Fact(wording.label(key), self._shown(key, value)))
        return facts

    def _shown(self, key: str, value: object) -> str:
        if is_number(value) and isinstance(value, Decimal | int):
            if key.endswith("_amount"):
                return f"{self.unit} {money(value)}"
            if key.endswith("_ratio"):
                return percent(value).removeprefix("+")
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, Decimal) and value != value.to_integral_value():
            return f"{value:.2f}"
        return one_line(value)


def _products(products: Sequence[Mapping[str, Any]]) -> str:
    said = [
        f"{one_line(product['product_family'], 60)} "
        f"(last order {product.get('last_order_date') or 'not known'}"
        + (f", {signed(product['change_amount'])}" if is_number(product["change_amount"]) else "")
        + ")"
        for product in products[:SHOWN_PRODUCTS]
    ]
    more = len(products) - SHOWN_PRODUCTS
    return "; ".join(said) + (f"; and {more} more" if more > 0 else "")
