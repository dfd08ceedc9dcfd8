"""White space and cross-sells recomputed (requirements B4, B9, B10)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from tests.properties.basics import add_months, business_day, half_away, month_end
from tests.properties.books import Books
from tests.properties.purchases import completed_lines, purchase_types
from tests.properties.service import middle, share

PROBLEM, WINDOW = 90, 180


def white_space(books: Books) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Return what `white_space` says of each site and family, in cents."""
    identity, end = books.identity(books.end), books.end
    start = add_months(end, -12)
    start = month_end(start) if end == month_end(end) else start
    sites = {
        identity.customer[a]: identity.unit[a] for a in books.versions if a not in identity.internal
    }
    net: dict[tuple[str, str], int] = defaultdict(int)
    last: dict[tuple[str, str], date] = {}
    for line in books.lines:
        if line.account in identity.internal or line.family == "unknown":
            continue
        key = identity.customer[line.account], line.family
        net[key] += line.net if line.day > start else 0
        if line.is_invoice and line.net > 0:
            last[key] = max(last.get(key, line.day), line.day)
    industry = {site: books.at(site, end)["industry_code"] for site in sites}
    buyers: dict[str | None, set[str]] = defaultdict(set)
    of_family: dict[tuple[str | None, str], list[int]] = defaultdict(list)
    for (site, family), day in last.items():
        if day > start and industry[site] is not None:
            buyers[industry[site]].add(site)
            of_family[industry[site], family].append(net[site, family])
    found = {}
    for site, unit in sites.items():
        own = industry[site]
        families = {f for s, f in last if s == site} | {f for i, f in of_family if i == own}
        for family in families:
            sold = last.get((site, family))
            those = of_family.get((own, family), [])
            median = middle(those)
            found[site, family] = (
                unit,
                "never" if sold is None else "bought" if sold > start else "lapsed",
                net[site, family] if sold else 0, sold,
                share(len(those), len(buyers[own])) if own in buyers else None,
                None if median is None else half_away(median.numerator, median.denominator),
            )  # fmt: skip
    return found


def cross_sells(books: Books) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Return what `cross_sells` says of each customer and added family, in cents."""
    rows, identity = books.inputs.rows, books.identity(books.end)
    level = books.rule("purchase_rules", books.end)["product_level"]
    families = {r["product_id"]: r[f"product_{level}"] for r in rows.get("erp_products", [])}
    types, lines = purchase_types(books), completed_lines(books)
    added: dict[tuple[str, str], tuple[date, int]] = {}
    first: dict[tuple[str, str], date] = {}
    for row in types.values():
        customer, day, family, net, kind = row[2], row[3], row[4], row[5], row[6]
        first[customer, family] = min(first.get((customer, family), day), day)
        if kind == "cross_sell":
            added[customer, family] = (day, added.get((customer, family), (day, 0))[1] + net)
    found = {}
    for (customer, family), (day, amount) in added.items():
        until = day + timedelta(days=PROBLEM)
        complete = until + timedelta(days=WINDOW)
        is_returned = any(
            x.is_return and x.customer == customer and x.family == family and day <= x.day <= until
            for x in lines
        )
        is_complained = any(
            r["case_type"] == "complaint"
            and r["account_id"] not in identity.internal
            and identity.customer.get(r["account_id"]) == customer
            and (families.get(r["product_id"]) or family) == family
            and day <= business_day(r["opened_at"]) <= min(until, books.end)
            for r in rows.get("crm_service_cases", [])
        )
        old = {f for (c, f), since in first.items() if c == customer and since < day} - {family}
        own = [x for x in lines if x.customer == customer and x.family in old]
        before = sum(x.net for x in own if day - timedelta(days=WINDOW) <= x.day < day)
        after = sum(x.net for x in own if until < x.day <= complete)
        is_complete = complete <= books.end
        found[customer, family] = (
            day, amount, is_returned or is_complained,
            "both" if is_returned and is_complained
            else "return" if is_returned else "complaint" if is_complained else "none",
            before, after,
            share(after - before, before) if is_complete and before > 0 else None, is_complete,
        )  # fmt: skip
    return found
