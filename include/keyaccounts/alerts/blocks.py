"""One alert as a reader sees it: a title, facts, reasons that add up, a next step, a link.

Amounts come from the payload of the event and are shown with cents, so that the reasons shown
add up exactly to the total change (invariants I36 and I38).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from keyaccounts.alerts import wording
from keyaccounts.alerts.candidate_facts import TYPES as CANDIDATE_TYPES
from keyaccounts.alerts.candidate_facts import candidate_facts, candidate_reasons
from keyaccounts.alerts.control_facts import control_facts
from keyaccounts.alerts.event_facts import Fact, Reason, said_day
from keyaccounts.alerts.formats import is_number, money, one_line, percent, share, signed
from keyaccounts.alerts.links import Links
from keyaccounts.alerts.model import Candidate, Entry
from keyaccounts.alerts.payment_facts import TYPES as PAYMENT_TYPES
from keyaccounts.alerts.payment_facts import payment_facts
from keyaccounts.alerts.plots import Plot
from keyaccounts.alerts.portfolio_facts import TYPES as PORTFOLIO_TYPES
from keyaccounts.alerts.portfolio_facts import portfolio_facts, whom
from keyaccounts.alerts.tier_facts import NEGATIVE_TYPES, TierFacts
from keyaccounts.texts import ENGLISH, Texts

CONTACT_DAYS = 60
IDENTITY_KEYS = {"account_name", "base_currency", "effective_date", "owner_user_id", "tier_unit_id"}


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
    plot: Plot | None = None


def build_block(
    event: Candidate,
    *,
    name: str,
    owner: str,
    currency: str,
    links: Links,
    note: str = "",
    plot: Plot | None = None,
    texts: Texts = ENGLISH,
) -> Block:
    """Return the block of one event; `name` and `owner` stand in where the payload has none."""
    payload = event.payload
    money_unit = one_line(payload.get("base_currency") or currency)
    reader = _Reader(event, one_line(payload.get("account_name") or name), money_unit, texts)
    is_tier = "profit_current_amount" in payload
    facts = (
        reader.whom(owner),
        Fact(texts("block.effective"), texts.day(event.effective_date)),
        *(reader.profit() if is_tier else reader.generic()),
    )
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
        plot=plot,
    )


def past_title(entry: Entry, name: str, texts: Texts = ENGLISH) -> str:
    """Return the sentence of an event of which only the ledger still knows."""
    unknown = texts("word.unknown")
    return wording.title(
        one_line(entry.alert_type),
        texts,
        name=one_line(name),
        unit_id=one_line(entry.unit_id),
        from_value=one_line(entry.from_value or unknown),
        to_value=one_line(entry.to_value or unknown),
    )


class _Reader(TierFacts):
    def whom(self, owner: str) -> Fact:
        """Say who it is about: an account, unless it is about one of us, a part, or all."""
        texts, unit, name = self.texts, self.event.unit_id, self.name
        if self.event.alert_type in PORTFOLIO_TYPES:
            return Fact(*whom(self.event.unit_type, unit, name, texts))
        if self.event.unit_type == "owner":
            return Fact(texts("block.manager"), texts("block.named", name=owner, id=unit))
        account = self.event.account_id
        if self.event.unit_type == "scope":
            return Fact(texts("block.largest"), texts("block.largest_is", name=name, id=account))
        said = texts("block.account_is", name=name, id=account or unit, owner=owner)
        return Fact(texts("block.account"), said)

    def title(self) -> str:
        facts = {key: one_line(value) for key, value in self.event.payload.items()}
        unknown = self.texts("word.unknown")
        return wording.title(
            one_line(self.event.alert_type),
            self.texts,
            **facts
            | {
                "name": self.name,
                "unit_id": one_line(self.event.unit_id),
                "from_value": one_line(self.event.from_value or unknown),
                "to_value": one_line(self.event.to_value or unknown),
            }
            | ({"scope_name": self.scope()} if self.get("scope_name") else {}),
        )

    def scope(self) -> str:
        """Say which part it is about; the payload says it in English, the unit id by its type."""
        kind, said = self.event.unit_id.partition(":")[0], one_line(self.get("scope_name"))
        if self.texts.text("scope", kind) is None:
            return said
        name = said.removeprefix(ENGLISH.word("scope", kind).format(name=""))
        if kind == "channel":
            name = self.texts.word("channel", name, fallback=name)
        return self.texts.word("scope", kind).format(name=name)

    def headline(self) -> str:
        texts, change = self.texts, self.get("own_profit_change_amount")
        if is_number(change):
            size, ratio = self.said(signed(change)), self.get("own_profit_change_ratio")
            if not is_number(ratio):
                return texts("headline.profit", size=size)
            return texts("headline.profit_ratio", size=size, ratio=percent(ratio, texts))
        stake = self.event.at_stake_amount
        size = self.said(money(stake)) if stake is not None else ""
        if self.event.alert_type in CANDIDATE_TYPES and size:
            reasons = candidate_reasons(self.event.payload, texts)
            return texts("headline.candidate", reasons=reasons, size=size)
        promised = self.amount("promised_amount")
        if promised and size:
            day = said_day(self.get("promised_date"), texts)
            return texts("headline.promise", size=size, promised=promised, day=day)
        return size

    def next_step(self) -> str:
        """From the cause, else the most negative driver; silence comes first."""
        texts = self.texts
        step = texts.word("next_by_type", self.event.alert_type, fallback="")
        if self.event.alert_type in NEGATIVE_TYPES:
            by_cause = texts.word("next_by_cause", self.event.cause, fallback="")
            step = by_cause or self._driver_step()
        days = self.get("days_since_two_way_contact")
        if is_number(days) and days > CONTACT_DAYS:
            return texts("block.call_first", days=days, step=step).strip()
        return step

    def _driver_step(self) -> str:
        drivers = [driver for driver in self.get("drivers") or () if driver["amount"] < 0]
        if not drivers:
            return self.texts("block.visit")
        worst = min(drivers, key=lambda driver: (driver["amount"], driver["driver"]))["driver"]
        products = self.get("lost_products") or []
        name = products[0]["product_family"] if products else self.texts("block.lost_product")
        step = self.texts.word("next_by_driver", worst, fallback="")
        return step.replace("{products}", one_line(name))

    def generic(self) -> list[Fact]:
        payload, unit, texts = self.event.payload, self.unit, self.texts
        if self.event.alert_type in PAYMENT_TYPES and "collection_cycle_days" in payload:
            return [Fact(*told) for told in payment_facts(payload, unit, texts)]
        if self.event.alert_type in CANDIDATE_TYPES and self.get("reasons"):
            return [Fact(*told) for told in candidate_facts(payload, unit, texts)]
        said = portfolio_facts(self.event.alert_type, payload, unit, texts)
        if said:
            return [Fact(*fact) for fact in said]
        told = control_facts(self.event.alert_type, payload, unit, texts)
        facts = [Fact(label, text) for label, text in told or ()]
        if facts:
            return facts
        for key, value in sorted(payload.items()):
            if key in IDENTITY_KEYS or value is None or isinstance(value, list | dict):
                continue
            facts.append(Fact(wording.label(key, texts), self._shown(key, value)))
        return facts

    def _shown(self, key: str, value: object) -> str:
        texts = self.texts
        if is_number(value) and isinstance(value, Decimal | int):
            if key.endswith("_amount"):
                return self.said(money(value))
            if key.endswith("_ratio"):
                return share(value, texts)
        if isinstance(value, bool):
            return texts("word.yes") if value else texts("word.no")
        if isinstance(value, Decimal) and value != value.to_integral_value():
            return f"{value:.2f}"
        if key == "scope_name":
            return self.scope()
        if key.endswith("_date") or key.endswith("_valid_from"):
            return said_day(value, texts)
        return one_line(wording.value(value, texts))
