"""Where an account would stand: the ABC rule of semantics 3.1 over crowd and story accounts.

Profits are plain numbers in base currency. All month indices are month-ends of complete windows.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

import duckdb

FIRST_EVALUATED = 11  # the first document is dated on the first day of month 0
_EXACT_RANKS, _MORE_RANKS = 3000, 3000

_MONTHLY = """
create table crowd_profit as
with money as (
    select account_no, invoice_date as day, month, product_no, net_amount, cogs_amount
    from lines where invoice_no is not null and not is_void and not is_story
    union all
    select account_no, credit_date,
        (year(credit_date) - {year}) * 12 + month(credit_date) - {month},
        product_no, net_amount, cogs_amount
    from credit_lines
), ratio as (
    select family_no, sum(cogs_amount)::double / sum(net_amount)::double as ratio
    from lines join products on product_no = no
    where cogs_amount is not null and invoice_no is not null group by family_no
), unit as (
    select a.no, currency, case a.form when 'alone' then a.no when 'head' then a.no
        when 'twig' then h.head_no else s.head_no end as unit_no
    from acc a join shape s using (no) left join shape h on h.no = s.branch_no
    where a.kind = 'base'
)
select unit_no, m.month,
    sum(round((net_amount - coalesce(cogs_amount,
        net_amount * ratio)) * rate_to_base * 100)::hugeint)
        ::bigint as cents
from money m
join unit a on a.no = m.account_no
join products p on p.no = m.product_no
join ratio r on r.family_no = p.family_no
join daily_rates d on d.currency_code = a.currency and d.day = m.day
group by unit_no, m.month
"""

_CURVE = """
with grid as (
    select unit_no, m.month from (select distinct unit_no from crowd_profit) u,
        range({last} + 1) m(month)
), ttm as (
    select g.unit_no, g.month, sum(coalesce(cents, 0)) over (
        partition by g.unit_no order by g.month rows 11 preceding) as cents
    from grid g left join crowd_profit p on p.unit_no = g.unit_no and p.month = g.month
), ranked as (
    select month, cents, row_number() over w as place,
        sum(cents) over (w rows unbounded preceding) as upto,
        count(*) over (partition by month) as n
    from ttm where month >= {first} and cents > 0
    window w as (partition by month order by cents desc, unit_no)
)
select month, cents / 100.0::double, upto / 100.0::double from ranked
where place <= {exact} or place = n or place % greatest(1, n // {more}) = 0
order by month, place
"""


@dataclass
class Market:
    """Ranked profits of the crowd per month-end, and of the story accounts (role -> month)."""

    negated: dict[int, list[float]]  # minus the profit, ascending: largest profit first
    upto: dict[int, list[float]]  # sum of the profits up to that rank
    stories: dict[str, list[float]] = field(default_factory=dict)

    def before(self, role: str, month: int, profit: float) -> float:
        """Cumulative share before a unit with that profit; 1 when it is not positive."""
        if profit <= 0:
            return 1.0
        ranks = bisect_left(self.negated[month], -profit)
        above = self.upto[month][ranks - 1] if ranks else 0.0
        total = (self.upto[month][-1] if self.upto[month] else 0.0) + profit
        for other, profits in self.stories.items():
            if other != role:
                above += profits[month] if profits[month] > profit else 0.0
                total += max(profits[month], 0.0)
        return above / total

    def limit(self, role: str, month: int, share: float) -> float:
        """The largest profit whose cumulative share before is still at or above `share`."""
        low, high = 0.0, 1.0
        while self.before(role, month, high) >= share:
            high *= 2
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (
                (middle, high) if self.before(role, month, middle) >= share else (low, middle)
            )
        return max(low, 1.0)

    def tiers(self, role: str) -> dict[int, tuple[str, str]]:
        """Month -> (official tier, event) by the state machine, tenure left aside."""
        tier, streak, result = "", 0, {}
        for month in sorted(self.negated):
            share = self.before(role, month, self.stories[role][month])
            raw = "A" if share < 0.80 else "B" if share < 0.95 else "C"
            event = ""
            down = (tier == "A" and share >= 0.83) or (tier == "B" and share >= 0.98)
            streak = streak + 1 if down else 0
            if not tier:
                tier = raw
            elif down and streak == 2:
                tier, streak, event = raw, 0, "drop"
            elif not down and tier != "A" and share < 0.77:
                tier, event = "A", "rise"
            elif tier == "C" and share < 0.92:
                tier, event = "B", "rise"
            result[month] = (tier, event or ("at_risk" if tier < raw else ""))
        return result


def build_market(
    con: duckdb.DuckDBPyConnection, start_year: int, start_month: int, last: int
) -> Market:
    """Rank the crowd at every month-end up to `last`; needs lines, credit_lines, daily_rates."""
    con.execute(_MONTHLY.format(year=start_year, month=start_month))
    negated: dict[int, list[float]] = {m: [] for m in range(FIRST_EVALUATED, last + 1)}
    upto: dict[int, list[float]] = {m: [] for m in range(FIRST_EVALUATED, last + 1)}
    sql = _CURVE.format(last=last, first=FIRST_EVALUATED, exact=_EXACT_RANKS, more=_MORE_RANKS)
    for month, profit, running in con.execute(sql).fetchall():
        negated[month].append(-profit)
        upto[month].append(running)
    return Market(negated, upto)
