"""List prices and discounts recomputed from the lines, with prices of peers (semantics 3.11)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.properties.basics import half_away, month_end, month_number, to_cents
from tests.properties.books import Books
from tests.properties.tiers import ratio

TOLERANCE = Fraction(5, 1000)


@dataclass
class Sales:
    """Sums over lines in cents; sizes are absolute."""

    count: int = 0
    net: int = 0
    size: int = 0
    known_size: int = 0
    list: int = 0
    listed_net: int = 0
    unlisted: int = 0
    unpriced: int = 0
    unpriced_sales: int = 0
    service: int = 0

    def add(self, other: Sales) -> None:
        """Add the sums of other lines."""
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True)
class Piece:
    """One line: what it is, in base currency."""

    account: str
    day: date
    product: str | None
    family: str | None
    quantity: Decimal | None
    net: int
    listed: int | None
    has_cost: bool
    is_invoice: bool
    is_service: bool


class Discounts:
    """Sales of all accounts by month."""

    def __init__(self, books: Books) -> None:
        """Sum up the lines, with the list prices of peers where they have none."""
        self.books = books
        self.pieces = self._pieces()
        self.months: dict[str, dict[int, Sales]] = defaultdict(lambda: defaultdict(Sales))
        self.lacking: dict[tuple[str, str, date], list[Piece]] = defaultdict(list)
        # By account, month and family, of the lines with product and quantity.
        self.imputed: dict[tuple[str, int, str], int] = defaultdict(int)
        self.unpriced: dict[tuple[str, int, str], int] = defaultdict(int)
        for p in self.pieces:
            if p.listed is None and p.family and p.quantity is not None:
                self.unpriced[p.account, month_number(p.day), p.family] += abs(p.net)
            self.months[p.account][month_number(p.day)].add(self._plain(p))
            if p.listed is None and p.product and p.quantity:
                self.lacking[p.account, p.product, p.day].append(p)
        for (account, product, day), pieces in self.lacking.items():
            month = month_number(day)
            price = self._peer_price(account, product, month)
            key = (account, month, str(pieces[0].family))
            if price is not None:
                priced = self._priced(pieces, price)
                self.months[account][month].add(priced)
                self.imputed[key] += priced.list
                self.unpriced[key] += priced.unpriced

    def window(self, account: str, first: int, last: int) -> Sales:
        """Return the sums of an account over months, both ends included."""
        found = Sales()
        for month, sales in self.months.get(account, {}).items():
            if first <= month <= last:
                found.add(sales)
        return found

    def _pieces(self) -> list[Piece]:
        books, rows = self.books, self.books.inputs.rows
        products = {r["product_id"]: r for r in rows.get("erp_products", [])}
        found = []
        for r in rows["erp_invoice_lines"]:
            document = books.documents.get(r["invoice_id"])
            if document is None:
                continue
            day, code = document["invoice_date"], document["currency_code"]
            product = products.get(r["product_id"])
            listed, quantity = books.priced(r, document)
            found.append(
                Piece(
                    document["account_id"], day, product and product["product_id"],
                    product and product["product_family"], quantity,
                    books.in_base(to_cents(r["net_amount"]), code, day),
                    None if listed is None else books.in_base(to_cents(listed), code, day),
                    r["cogs_amount"] is not None,
                    document["document_type"] == "invoice",
                    bool(product and product.get("is_service")),
                )
            )  # fmt: skip
        return found

    @staticmethod
    def _plain(p: Piece) -> Sales:
        size, lacks = abs(p.net), p.listed is None
        return Sales(
            1, p.net, size, size * p.has_cost, p.listed or 0, p.net * (not lacks), size * lacks,
            size * lacks, size * (lacks and p.is_invoice), p.net * p.is_service,
        )  # fmt: skip

    @staticmethod
    def _priced(pieces: list[Piece], price: Decimal) -> Sales:
        quantity = sum((p.quantity for p in pieces if p.quantity), Decimal(0))
        exact = Fraction(quantity) * Fraction(price) * 100
        size = sum(abs(p.net) for p in pieces)
        return Sales(
            list=half_away(exact.numerator, exact.denominator),
            listed_net=sum(p.net for p in pieces),
            unpriced=-size,
            unpriced_sales=-sum(abs(p.net) for p in pieces if p.is_invoice),
        )

    def _peer_price(self, account: str, product: str, month: int) -> Decimal | None:
        """Return the highest price that others of the channel paid in three months, 4 decimals."""
        channel = self._channel(account, month)
        prices = [
            self._price(p)
            for p in self.pieces
            if p.product == product
            and p.account != account
            and p.is_invoice
            and p.net > 0
            and p.quantity
            and p.quantity > 0
            and 0 <= month - month_number(p.day) < 3
            and self._channel(p.account, month_number(p.day)) == channel
            and not self.books.at(p.account, self._last_day(month_number(p.day)))["is_internal"]
        ]
        return max(prices) if prices else None

    @staticmethod
    def _price(p: Piece) -> Decimal:
        exact = Fraction(p.net, 100) / Fraction(p.quantity or 1) * 10**4
        return Decimal(half_away(exact.numerator, exact.denominator)).scaleb(-4)

    def _channel(self, account: str, month: int) -> str:
        return self.books.at(account, self._last_day(month))["channel"] or "unknown"

    @staticmethod
    def _last_day(month: int) -> date:
        return month_end(date((month - 1) // 12, (month - 1) % 12 + 1, 1))


def share(part: int | None, whole: int | None) -> Decimal | None:
    """Return a ratio as the marts round it, where it can be computed."""
    return None if part is None or not whole else ratio(Fraction(part, whole))


def growth(now: Sales, then: Sales | None) -> dict[str, Any]:
    """Return discount and growth; `then` is None where the prior window is not known."""
    lists = [s.list if s is not None and not s.unpriced_sales else None for s in (then, now)]
    nets = [s.listed_net if s is not None else 0 for s in (then, now)]
    discounts = [None if x is None else x - n for x, n in zip(lists, nets, strict=True)]
    rates = [
        Fraction(d, x) if x is not None and d is not None and x > 0 else None
        for d, x in zip(discounts, lists, strict=True)
    ]
    change = None if None in rates else rates[1] - rates[0]  # type: ignore[operator]
    grown = lists[0] and lists[1] and lists[1] > lists[0] > 0
    before = then.net if then else None
    return {
        "net_sales_prior_amount": before,
        "net_sales_current_amount": now.net,
        "net_growth_ratio": ratio(Fraction(now.net - before, before))
        if before and before > 0
        else None,
        "list_sales_prior_amount": lists[0],
        "list_sales_current_amount": lists[1],
        "prior_discount_ratio": ratio(rates[0]),
        "current_discount_ratio": ratio(rates[1]),
        "discount_change_ratio": ratio(change),
        "incremental_discount_ratio": ratio(
            Fraction(discounts[1] - discounts[0], lists[1] - lists[0]) if grown else None
        ),
        "growth_quality": _quality(now.net, before, lists, change),
        "is_list_price_imputed": any(s.unlisted > s.unpriced for s in (now, then or Sales())),
        "price_realisation_ratio": share(now.listed_net, lists[1])
        if lists[1] and lists[1] > 0
        else None,
    }


def _quality(
    now: int, before: int | None, lists: list[int | None], change: Fraction | None
) -> str | None:
    if before is None or lists[0] is None or lists[1] is None:
        return None
    if before <= 0:
        return "new" if lists[1] > 0 else None
    if lists[1] <= 0:
        return "lost"
    if change is None:
        return None
    words = ("healthy_growth", "bought_growth") if now > before else ("declining", "eroding")
    return words[change > TOLERANCE]
