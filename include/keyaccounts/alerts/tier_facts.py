"""What a reader of a tier message is told: the profit, why it moved, money, contact, the way back.

Amounts are shown with cents, so that the reasons shown add up exactly to the total change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from keyaccounts.alerts import wording
from keyaccounts.alerts.event_facts import EventFacts, Fact, Reason, said_day
from keyaccounts.alerts.formats import is_number, one_line, percent, signed

SHOWN_REASONS = 3
SHOWN_PRODUCTS = 3
NEGATIVE_TYPES = {"tier_drop", "tier_watch", "tier_lapsed"}


class TierFacts(EventFacts):
    """The facts of an event of a tier."""

    def profit(self) -> list[Fact]:
        """Return the profit of the twelve months beside that of the year before."""
        texts = self.texts
        label = texts.word("measure", self.get("measure_used"), fallback=texts("block.profit"))
        now, prior = self.amount("profit_current_amount"), self.amount("profit_prior_amount")
        if prior is None:
            return [Fact(label, texts("block.profit_now", now=now))]
        change, ratio = self.get("own_profit_change_amount"), self.get("own_profit_change_ratio")
        if not is_number(change):
            return [Fact(label, texts("block.profit_was", now=now, prior=prior))]
        moved = signed(change)
        if is_number(ratio):
            moved = texts("block.with_ratio", size=moved, ratio=percent(ratio, texts))
        return [Fact(label, texts("block.profit_moved", now=now, moved=moved, prior=prior))]

    def reasons(self) -> tuple[Reason, ...]:
        """The three most negative drivers, the rest in one line, and the total."""
        drivers: Sequence[Mapping[str, Any]] = self.get("drivers") or ()
        total, texts = self.get("own_profit_change_amount"), self.texts
        if not drivers or not is_number(total):
            return ()
        negative = sorted(
            (driver for driver in drivers if driver["amount"] < 0),
            key=lambda driver: (driver["amount"], driver["driver"]),
        )[:SHOWN_REASONS]
        shown = [
            Reason(
                texts.word("driver", driver["driver"], fallback=one_line(driver["driver"])),
                signed(driver["amount"]),
            )
            for driver in negative
        ]
        rest = total - sum((driver["amount"] for driver in negative), Decimal(0))
        if rest or not shown:
            label = texts("block.everything_else") if shown else texts("block.all_reasons")
            shown.append(Reason(label, signed(rest)))
        return (*shown, Reason(texts("block.change_in_all"), signed(total), is_total=True))

    def after(self) -> list[Fact]:
        """Return what is told below the reasons: cause, products, payment, contact, way back."""
        texts = self.texts
        facts = [Fact(texts("block.cause"), self.cause())] if self.event.cause else []
        products = self.get("lost_products") or []
        if products:
            facts.append(Fact(texts("block.no_longer_bought"), self.products(products)))
        facts += [
            Fact(texts("block.payment"), self.payment()),
            Fact(texts("block.contact"), self.contact()),
        ]
        regain = self.amount("profit_to_regain_amount")
        if regain and self.event.alert_type in NEGATIVE_TYPES and self.event.from_value:
            tier = wording.value(self.event.from_value, texts)
            facts.append(Fact(texts("block.regain", tier=tier), texts("block.more", size=regain)))
        return facts

    def cause(self) -> str:
        """Return why it happened, and how far the limit moved where that is why."""
        code, moved = self.event.cause or "", self.get("threshold_change_amount")
        text = self.texts.word("cause", code, fallback=one_line(code))
        if self.event.cause == "relative" and is_number(moved):
            tier = wording.value(self.event.from_value, self.texts)
            return self.texts("block.limit_moved", cause=text, tier=tier, size=signed(moved))
        return text

    def payment(self) -> str:
        """Return what is owed and how late."""
        texts = self.texts
        gross, overdue = self.amount("gross_open_amount"), self.amount("overdue_amount")
        if gross is None or overdue is None:
            return texts("word.not_known")
        late = self.amount("overdue_90_plus_amount")
        said = [
            texts("block.overdue", overdue=overdue, gross=gross),
            texts("block.overdue_90", late=late) if late else None,
        ]
        return texts.joined((texts.joined(said, "clause"), self.pace()), "semicolon")

    def pace(self) -> str:
        """Return how many days after terms money comes, or nothing."""
        days = self.get("over_terms_days")
        if not is_number(days):
            return ""
        whole = int(Decimal(days).to_integral_value(ROUND_HALF_UP))
        if whole > 0:
            return self.texts("block.pays_late", days=whole)
        return self.texts("block.pays_in_terms")

    def contact(self) -> str:
        """Return when somebody spoke with it, and when it bought last."""
        texts, days = self.texts, self.get("days_since_two_way_contact")
        spoken = (
            texts("block.spoken", days=days) if is_number(days) else texts("block.never_spoken")
        )
        threads = texts("block.one_person") if self.get("is_single_threaded") else None
        bought = texts("block.last_purchase", day=said_day(self.get("last_purchase_date"), texts))
        return texts.joined((texts.joined((spoken, threads), "clause"), bought), "semicolon")

    def products(self, products: Sequence[Mapping[str, Any]]) -> str:
        """Return the first products that are no longer bought."""
        texts = self.texts
        said = []
        for product in products[:SHOWN_PRODUCTS]:
            name, day = one_line(product["product_family"], 60), product.get("last_order_date")
            last, change = said_day(day, texts), product["change_amount"]
            if is_number(change):
                size = signed(change)
                said.append(texts("block.product_size", name=name, day=last, size=size))
            else:
                said.append(texts("block.product", name=name, day=last))
        more = len(products) - SHOWN_PRODUCTS
        if more > 0:
            said.append(texts("block.and_more", count=more))
        return texts.joined(said, "semicolon")
