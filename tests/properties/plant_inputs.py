"""Random plants, places, supplier statements, approvals and internal requests.

They come from a stream of their own, so that all else of a company stays as its seed made it.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from tests.properties.trade import Row, Trade


def add_plants(seed: int, trade: Trade, rows: dict[str, list[Row]]) -> None:
    """Fill what `accounts` says of approval, place, capacity and position, and who asked whom."""
    random = Random(f"plants {seed}")
    is_known = random.random() < 0.8
    for version in rows["crm_accounts"]:
        place = _place(random) if is_known else (None, None)
        version |= {
            "latitude": place[0], "longitude": place[1],
            "requested_capacity": random.choice([None, Decimal(0), Decimal("123.4567")]),
            "supplier_approved_on": random.choice([None, _day(random, trade)]),
            "relation_types": random.choice([None, " ", "customer", "customer|competitor "]),
        }  # fmt: skip
    rows["erp_plants"] += [
        {"plant_id": f"W{n}", "latitude": place[0], "longitude": place[1],
         "yearly_capacity": random.choice([None, Decimal(300), Decimal(300), Decimal("700.5")])}
        for n in range(random.choice([0, 1, 1, 2, 4])) if (place := _place(random))
    ]  # fmt: skip
    rows["crm_supplier_positions"] += _positions(random, trade)
    rows["crm_internal_requests"] += _requests(random, trade)


def _place(random: Random) -> tuple[Decimal | None, Decimal | None]:
    """Return degrees, at times of a pole, of the edge of the map, or of a place that is shared."""
    north = Decimal(random.choice([-90, 0, 31, 90, random.randint(-9 * 10**9, 9 * 10**9) / 10**8]))
    east = Decimal(
        random.choice([-180, 0, 121, 180, random.randint(-18 * 10**9, 18 * 10**9) / 10**8])
    )
    return random.choice(
        [(_exact(north), _exact(east)), (_exact(north), _exact(east)), (None, _exact(east))]
    )


def _exact(degrees: Decimal) -> Decimal:
    return degrees.quantize(Decimal("0.00000001"))


def _positions(random: Random, trade: Trade) -> list[Row]:
    """Return statements, some on the last day, or on the day on which they are too old."""
    found = []
    for account in trade.accounts:
        days = {_day(random, trade) for _ in range(random.randrange(3))}
        if random.random() < 0.4:
            days.add(trade.end - timedelta(days=random.choice([364, 365, 366])))
        for day in sorted(days):
            found += [
                {"account_id": account, "product_category": category, "stated_on": day,
                 "supplier_count": random.choice([None, 1, 2, 5]),
                 "our_rank": random.choice([None, 1, 2, 3])}
                for category in random.sample(["goods", "parts", "repairs"], random.randint(1, 2))
            ]  # fmt: skip
    return found


def _requests(random: Random, trade: Trade) -> list[Row]:
    """Return requests, some answered after the as-of date or, it is said, before they were made."""
    found = []
    for n in range(random.choice([0, 5, 40])):
        asked = datetime.combine(_day(random, trade), time(random.choice([1, 9, 16]), 30))
        hours = random.choice([None, -2, 0, 1, 7, 8, 24 * 20, 24 * 40, 24 * 400])
        found.append(
            {"request_id": f"Q{n}", "requested_by_user_id": random.choice(["U1", "U2"]),
             "team": random.choice(["finance", "technical"]), "requested_at": asked,
             "first_response_at": None if hours is None else asked + timedelta(hours=hours)}
        )  # fmt: skip
    return found


def _day(random: Random, trade: Trade) -> date:
    return trade.start + timedelta(days=random.randrange((trade.end - trade.start).days + 5))
