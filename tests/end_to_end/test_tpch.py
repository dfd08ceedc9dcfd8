"""TPC-H as a third source: a company of 1,500 accounts with full cost, no payments."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.end_to_end.mapping import map_source
from tests.end_to_end.published import Publication, publish_company

GENERATOR = Path(sys.executable).with_name("tpchgen-cli")
pytestmark = pytest.mark.skipif(not GENERATOR.is_file(), reason="tpchgen-cli is not installed")

AS_OF = "1998-07-31"
NET = "cast(l_extendedprice as decimal(18,2)) * (1 - cast(l_discount as decimal(4,2)))"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tpch")
    command = [GENERATOR, "csv", "--scale-factor", "0.01", f"--output-dir={folder}", "--quiet"]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def tpch(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Publication:
    home = tmp_path_factory.mktemp("home")
    return publish_company(
        home / "home", map_source("tpch", data, home / "source"), AS_OF, base_currency="USD"
    )


def _direct(data: Path, select: str) -> list[tuple[Any, ...]]:
    return (
        duckdb.connect()
        .execute(
            f"""
        with lines as (
            select o_custkey, cast(o_orderdate as date) as day, cast({NET} as decimal(18,2)) as net,
                cast(cast(l_quantity as decimal(10,2)) * ps_supplycost::decimal(10,2)
                    as decimal(18,2)) as cost
            from read_csv('{data}/lineitem.csv', all_varchar = true)
            join read_csv('{data}/orders.csv', all_varchar = true) as o on o_orderkey = l_orderkey
            join read_csv('{data}/partsupp.csv', all_varchar = true) as s
                on ps_partkey = l_partkey and ps_suppkey = l_suppkey
            where cast(o_orderdate as date) <= '{AS_OF}'
        ) {select}
        """
        )
        .fetchall()
    )


def test_revenue_by_year_equals_the_direct_query(tpch: Publication, data: Path) -> None:
    published = tpch.mart_rows(
        "cohort_retention",
        "year(cohort_month + to_months(month_index::integer)) as y, sum(revenue_amount)",
        "true group by y order by y",
    )
    assert published == _direct(data, "select year(day), sum(net) from lines group by 1 order by 1")


def test_revenue_and_profit_of_a_window_equal_the_direct_query(
    tpch: Publication, data: Path
) -> None:
    published = tpch.mart_rows(
        "account_tiers",
        "tier_unit_id, ttm_net_revenue_amount, ttm_profit_amount",
        f"month_end = '{AS_OF}' and tier <> 'INACTIVE' order by tier_unit_id",
    )
    direct = _direct(
        data,
        "select 'C' || lpad(o_custkey, 6, '0'), sum(net), sum(net - cost) from lines "
        "where day >= '1997-08-01' group by 1 order by 1",
    )
    assert len(published) == 886
    assert published == direct


def test_profit_is_measured_because_every_cost_is_known(tpch: Publication) -> None:
    found = tpch.mart_rows(
        "account_tiers",
        "distinct measure_used, cost_coverage_ratio",
        "cost_coverage_ratio is not null",
    )
    assert found == [("gross_profit", 1)]


def test_cohorts_hold_exactly_those_who_bought(tpch: Publication, data: Path) -> None:
    buyers = _direct(data, "select count(distinct o_custkey) from lines")[0][0]
    sizes = tpch.mart_rows("cohort_retention", "sum(cohort_size_count)", "month_index = 0")
    assert sizes == [(buyers,)]


def test_the_bridge_adds_up_to_the_closing_window(tpch: Publication, data: Path) -> None:
    published = tpch.mart_rows(
        "retention_summary",
        "opening_amount, opening_amount + new_amount + won_back_amount + expansion_amount "
        "+ contraction_amount + churn_amount, closing_amount",
        f"month_end = '{AS_OF}' and measure = 'revenue' and scope_type = 'company' "
        "and comparison = 'year_over_year'",
    )
    opening, closing = _direct(
        data,
        "select sum(net) filter (day between '1996-08-01' and '1997-07-31'), "
        "sum(net) filter (day >= '1997-08-01') from lines",
    )[0]
    assert published == [(opening, closing, closing)]
