"""The type of each purchase recomputed from order lines (semantics 3.10, ruling 15)."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.properties.basics import add_months, business_day, month_end, to_cents
from tests.properties.books import Books
from tests.properties.harness import Row
from tests.properties.tiers import Rating, ratio


@dataclass(frozen=True)
class Bought:
    """One line that counts: whose, when, what of, how much in cents; `row` as delivered."""

    row: Row
    order: Row
    customer: str
    family: str
    net: int

    @property
    def day(self) -> date:
        """The date of the order."""
        return self.order["order_date"]

    @property
    def is_return(self) -> bool:
        """Whether it gives back."""
        return bool(self.row["is_return"]) or self.net < 0


@dataclass
class FamilyPurchase:
    """What a customer bought of a family on a day, and gave back until it bought it again."""

    lines: list[Bought] = field(default_factory=list)
    returned: int = 0

    def price(self) -> Fraction | None:
        """Return what a unit cost."""
        priced = [x for x in self.lines if x.row["quantity"] > 0]
        if not priced:
            return None
        return Fraction(sum(x.net for x in priced)) / Fraction(
            sum(x.row["quantity"] for x in priced)
        )

    def return_rate(self) -> Fraction:
        """Return the share that was given back."""
        return Fraction(self.returned, sum(x.net for x in self.lines))

    def otif(self, end: date) -> Fraction | None:
        """Return the share of the lines due that came on time and in full."""
        due, met = 0, 0
        for row in (x.row for x in self.lines):
            promised, came = row.get("promised_date"), row["delivered_date"]
            is_here = came is not None and came <= end
            if promised is None or (promised > end and not is_here):
                continue
            due += 1
            given = row["delivered_quantity"]
            is_full = given is None or given >= row["quantity"]
            met += is_here and came <= promised and is_full
        return Fraction(met, due) if due else None


def unbilled_or_bought(books: Books) -> set[str]:
    """Return the completed orders that were not billed, or of which an invoice is a purchase."""
    invoices: dict[str, list[str]] = defaultdict(list)
    for key, document in books.documents.items():
        if document["document_type"] == "invoice" and document["order_id"]:
            invoices[document["order_id"]].append(key)
    return {
        r["order_id"]
        for r in books.inputs.rows.get("erp_orders", [])
        if r["status"] == "completed" and r["order_date"] <= books.end
        and (r["order_id"] not in invoices or set(invoices[r["order_id"]]) & set(books.bought))
    }  # fmt: skip


def completed_lines(books: Books) -> list[Bought]:
    """Return the lines of completed orders of customers, returns among them."""
    identity, good = books.identity(books.end), unbilled_or_bought(books)
    level = books.rule("purchase_rules", books.end)["product_level"]
    rows = books.inputs.rows
    products = {r["product_id"]: r.get(f"product_{level}") for r in rows.get("erp_products", [])}
    orders = {r["order_id"]: r for r in rows.get("erp_orders", [])}
    found = []
    for row in rows.get("erp_order_lines", []):
        order = orders.get(row["order_id"])
        if row["order_id"] not in good or not row["net_amount"] or order is None:
            continue
        account = order["account_id"]
        if account in identity.internal:
            continue
        net = books.in_base(
            to_cents(row["net_amount"]), order["currency_code"], order["order_date"]
        )
        family = products.get(row.get("product_id")) or "unknown"
        found.append(Bought(row, order, identity.customer[account], family, net))
    return found


def purchase_types(books: Books) -> dict[str, tuple[object, ...]]:
    """Return what `purchase_types` says of each line that was bought."""
    lines = completed_lines(books)
    days: dict[str, list[date]] = defaultdict(list)
    families: dict[tuple[str, str], dict[date, FamilyPurchase]] = defaultdict(dict)
    for x in sorted((x for x in lines if not x.is_return), key=lambda x: x.day):
        if x.day not in days[x.customer]:
            days[x.customer].append(x.day)
        families[x.customer, x.family].setdefault(x.day, FamilyPurchase()).lines.append(x)
    for x in (x for x in lines if x.is_return):
        bought = sorted(families[x.customer, x.family])
        place = bisect_right(bought, x.day) - 1
        if place >= 0:
            families[x.customer, x.family][bought[place]].returned += abs(x.net)
    found = {}
    for x in (x for x in lines if not x.is_return):
        before = days[x.customer][: days[x.customer].index(x.day)]
        gap = (x.day - before[-1]).days if before else None
        limit = int(books.rule("purchase_rules", x.day)["won_back_gap_days"])
        of_family = families[x.customer, x.family]
        earlier = [day for day in of_family if day < x.day]
        kind = "first" if not before else "repeat" if earlier else "cross_sell"
        changes: tuple[Decimal | None, ...] = (None, None, None)
        if kind == "repeat":
            changes = _changes(of_family[x.day], of_family[max(earlier)], books.end)
        found[x.row["order_line_id"]] = (
            x.order["order_id"], x.order["account_id"], x.customer, x.day, x.family, x.net, kind,
            gap, gap is not None and gap > limit, *changes,
        )  # fmt: skip
    return found


def _changes(now: FamilyPurchase, then: FamilyPurchase, end: date) -> tuple[Decimal | None, ...]:
    price, old_price = now.price(), then.price()
    share, old_share = now.otif(end), then.otif(end)
    return (
        None if price is None or old_price is None else ratio(price / old_price - 1),
        ratio(now.return_rate() - then.return_rate()),
        None if share is None or old_share is None else ratio(share - old_share),
    )


def customer_orders(books: Books, ratings: dict[date, dict[str, Rating]]) -> dict[str, tuple]:
    """Return what `customer_orders` says of each completed order."""
    types, identity = purchase_types(books), books.identity(books.end)
    won: dict[str, list[date]] = defaultdict(list)
    for r in books.inputs.rows.get("crm_opportunities", []):
        if r["is_won"] and (r["closed_on"] is None or r["closed_on"] <= books.end):
            won[r["account_id"]].append(r["opened_on"])
    all_opened = {
        r["opportunity_id"]: r["opened_on"] for r in books.inputs.rows.get("crm_opportunities", [])
    }
    contacts: dict[str, list[date]] = defaultdict(list)
    for r in books.inputs.rows.get("crm_activities", []):
        if r["account_id"] in identity.customer and r["account_id"] not in identity.internal:
            contacts[identity.customer[r["account_id"]]].append(business_day(r["activity_at"]))
    lines: dict[str, list[Bought]] = defaultdict(list)
    for x in completed_lines(books):
        if not x.is_return:
            lines[x.row["order_id"]].append(x)
    found = {}
    for key, of_order in lines.items():
        order, day = of_order[0].order, of_order[0].day
        kinds = {types[x.row["order_line_id"]][6] for x in of_order}
        kind = next(k for k in ("first", "cross_sell", "repeat") if k in kinds)
        months = int(books.rule("purchase_rules", day)["opportunity_months"])
        opened = [d for d in won[order["account_id"]] if add_months(day, -months) <= d <= day]
        spoken = min(contacts[of_order[0].customer], default=day + timedelta(days=1))
        start, basis = None, "unknown"
        named = all_opened.get(order["opportunity_id"])
        if named is not None and named <= day:
            start, basis = named, "named_opportunity"
        elif opened:
            start, basis = max(opened), "opportunity"
        elif kind == "first" and spoken <= day:
            start, basis = spoken, "first_contact"
        came = [x.row["delivered_date"] for x in of_order]
        is_here = all(d is not None and d <= books.end for d in came)
        last = day if day == month_end(day) else day.replace(day=1) - timedelta(days=1)
        rating = ratings.get(last, {}).get(books.identity(last).unit.get(order["account_id"], ""))
        found[key] = (
            order["account_id"], of_order[0].customer, day, kind, len(kinds) > 1,
            sum(x.net for x in of_order), (day - start).days if start else None, basis,
            max(0, (max(came) - day).days) if is_here else None, is_here,
            rating.tier if rating else None,
        )  # fmt: skip
    return found
