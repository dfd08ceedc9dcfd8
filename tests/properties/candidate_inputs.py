"""Random sources, ratings, industries, growth and launches, laid over a company that is there.

They come from a stream of their own, so that all else of a company stays as its seed made it.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from tests.properties.basics import add_months, month_end
from tests.properties.trade import Row, Trade


def add_candidates(seed: int, trade: Trade, rows: dict[str, list[Row]]) -> None:
    """Fill what influence and prospects ask for; some companies keep no sources, no launches."""
    random = Random(f"candidates {seed}")
    has_sources, has_launches = random.random() < 0.8, random.random() < 0.9
    for versions in _by_account(rows["crm_accounts"]):
        said: Row = {}
        for version in versions:
            if not said or random.random() < 0.3:
                said = _said(random, trade, has_sources)
            version |= said
            if version is not versions[0] and random.random() < 0.3:
                version["industry_code"] = random.choice(["I1", "I2", "I3"])
    for product in trade.products:
        product["launch_date"] = _launch(random, trade) if has_launches else None


def add_raters(seed: int, rows: dict[str, list[Row]]) -> None:
    """Say who rated the influence of accounts, and on which grounds; some sources do not."""
    random = Random(f"raters {seed}")
    are_noted = random.random() < 0.7
    for version in rows["crm_accounts"]:
        rater = random.choice([None, "U1", "U2", "U3", version["owner_user_id"]])
        version["influence_rated_by_user_id"] = rater if are_noted else None
        words = random.choice([None, "", " ", "speaks at the fair"])
        version["influence_evidence"] = words if are_noted else None


def _by_account(rows: list[Row]) -> list[list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda r: (r["account_id"], r["_load"])):
        found.setdefault(row["account_id"], []).append(row)
    return list(found.values())


def _said(random: Random, trade: Trade, has_sources: bool) -> Row:
    """Return a source (the account itself and circles included), a rating, a score of growth."""
    source = random.choice([*trade.accounts, "NOBODY"])
    return {
        "referred_by_account_id": source if has_sources and random.random() < 0.5 else None,
        "own_growth_score": random.choice([None, None, 0, 2, 4, 5]),
        "own_growth_rated_on": random.choice(
            [None, None, _some_day(random, trade), _edge(random, trade)]
        ),
        "influence_score": random.choice([None, 0, 3, 4, 5]),
        "influence_rated_on": random.choice([None, _some_day(random, trade), _edge(random, trade)]),
    }


def _some_day(random: Random, trade: Trade) -> date:
    days = (trade.end - trade.start).days
    return trade.start + timedelta(days=random.randrange(days + 40))


def _edge(random: Random, trade: Trade) -> date:
    """Return a month-end, a year before one, or a day beside it."""
    day = month_end(_some_day(random, trade))
    back = random.choice([0, -6, -12])
    return add_months(day, back) + timedelta(days=random.choice([-1, 0, 1]))


def _launch(random: Random, trade: Trade) -> date | None:
    """Return a day before, in or after the trade; often the first or last day of a month."""
    day = trade.start + timedelta(days=random.randrange(-700, (trade.end - trade.start).days + 60))
    return random.choice([None, day, day.replace(day=1), month_end(day)])
