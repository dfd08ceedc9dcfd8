"""SAP's sample sales: a clean set that must load as it is, and a dirty twin that must not."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from keyaccounts import nightly
from keyaccounts.errors import SourceRefusedError
from keyaccounts.landing.resolve import resolve
from tests.conftest import SHARED_DATA, run_at, settings_for, silent
from tests.end_to_end.mapping import map_source
from tests.end_to_end.published import Publication, publish_company

SAP = SHARED_DATA / "sap_sample_sales"
pytestmark = pytest.mark.skipif(not SAP.is_dir(), reason="no ../shared/data/sap_sample_sales")

AS_OF = "2019-06-30"


@pytest.fixture(scope="module")
def bikes(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    home = tmp_path_factory.mktemp("bikes")
    source = map_source("sap_bikes", SAP, home / "source")
    return publish_company(home / "home", source, AS_OF, base_currency="USD")


def _sql(select: str) -> list[tuple[Any, ...]]:
    return duckdb.connect().execute(select).fetchall()


def _csv(file: str, **options: str) -> str:
    more = "".join(f", {key} = '{value}'" for key, value in options.items())
    return f"read_csv('{SAP / file}.csv', all_varchar = true{more})"


def test_header_amounts_are_unit_price_times_quantity() -> None:
    # Settles how the mapping reads the items: GROSSAMOUNT and NETAMOUNT are those of one unit.
    wrong = _sql(
        f"""
        select SALESORDERID from {_csv("bikes/SalesOrders")} as h
        join {_csv("bikes/SalesOrderItems")} as i using (SALESORDERID)
        group by SALESORDERID having
            max(h.GROSSAMOUNT::decimal(18,4)) <> sum(i.GROSSAMOUNT::decimal(18,4) * QUANTITY::int)
            or max(h.NETAMOUNT::decimal(18,4)) <> sum(i.NETAMOUNT::decimal(18,4) * QUANTITY::int)
        """
    )
    assert wrong == []


def test_clean_set_lands_whole(bikes: Publication) -> None:
    landed = {e["entity"]: (e["rows"], e["quarantined"]) for e in bikes.summary["extract"]}
    assert landed == {
        "crm_accounts": (40, 0),
        "crm_users": (14, 0),
        "erp_products": (42, 0),
        "erp_invoices": (334, 0),
        "erp_invoice_lines": (1930, 0),
    }


def test_ids_keep_their_leading_zeros(bikes: Publication) -> None:
    ids = {row[0] for row in bikes.mart_rows("account_tiers", "tier_unit_id")}
    assert ids == {
        row[0] for row in _sql(f"select distinct PARTNERID from {_csv('bikes/SalesOrders')}")
    }
    assert all(name.startswith("0100") for name in ids)


def test_cancelled_orders_do_not_count(bikes: Publication) -> None:
    nets = dict(
        _sql(
            f"""
            select h.LIFECYCLESTATUS = 'X',
                sum(cast(i.NETAMOUNT::decimal(14,4) * QUANTITY::int as decimal(18,2)))
            from {_csv("bikes/SalesOrders")} as h
            join {_csv("bikes/SalesOrderItems")} as i using (SALESORDERID) group by 1
            """
        )
    )
    published = bikes.mart_rows("cohort_retention", "sum(revenue_amount)")[0][0]
    # The headers say 17,675,777.875; each line rounded to cents gives 3.34 more.
    assert published == nets[False] == Decimal("17675781.22")
    assert nets[True] == Decimal("203864.54")


def test_units_reach_the_window_totals(bikes: Publication) -> None:
    direct = _sql(
        f"""
        select PARTNERID, sum(cast(i.NETAMOUNT::decimal(14,4) * QUANTITY::int as decimal(18,2)))
        from {_csv("bikes/SalesOrders")} as h
        join {_csv("bikes/SalesOrderItems")} as i using (SALESORDERID)
        where LIFECYCLESTATUS <> 'X' and h.CREATEDAT between '20180701' and '20190630'
        group by 1 order by 1
        """
    )
    published = bikes.mart_rows(
        "account_tiers",
        "tier_unit_id, ttm_profit_amount",
        f"month_end = '{AS_OF}' and tier <> 'INACTIVE' order by 1",
    )
    assert published == direct


def test_naive_mapping_of_the_dirty_set_is_refused_with_place_and_rule(tmp_path: Path) -> None:
    source = map_source("sap_sales", SAP, tmp_path / "source", "header, delimiter ';'")
    settings, run = settings_for(tmp_path / "home", source, base_currency="USD"), run_at(AS_OF)
    with pytest.raises(SourceRefusedError) as refused:
        nightly.extract(settings, run, "erp_invoices", silent)
    message = str(refused.value)
    assert "erp_invoices.csv is refused: 5166 of 5166 rows break the contract" in message
    assert (
        "erp_invoices.csv row 2, column invoice_date: '20150101' is not a date (YYYY-MM-DD)"
        in message
    )
    assert list(settings.landing.glob("erp_invoices/*")) == []


def test_decimal_comma_is_refused_and_never_read_as_a_thousand(tmp_path: Path) -> None:
    source = map_source("sap_sales", SAP, tmp_path / "source", "header, delimiter ';'")
    settings, run = settings_for(tmp_path / "home", source, base_currency="USD"), run_at(AS_OF)
    with pytest.raises(SourceRefusedError) as refused:
        nightly.extract(settings, run, "erp_invoice_lines", silent)
    with_comma = _sql(
        f"select count(*) from {_csv('sales/SalesOrderItems', delim=';')} "
        "where NETAMOUNT like '%,%'"
    )[0][0]
    assert f"{with_comma} of 17818 rows break the contract" in str(refused.value)
    assert re.search(
        r"erp_invoice_lines\.csv row 2, column net_amount: '4374,13' is not an amount",
        str(refused.value),
    )


@pytest.fixture(scope="module")
def repaired(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sales")
    return map_source("sap_sales_repaired", SAP, folder / "source", "header, delimiter ';'")


def test_double_ids_refuse_the_landing(repaired: Path, tmp_path: Path) -> None:
    settings, run = settings_for(tmp_path / "home", repaired, base_currency="USD"), run_at(AS_OF)
    for entity in nightly.planned_entities(settings):
        nightly.extract(settings, run, entity, silent)
    with pytest.raises(SourceRefusedError) as refused:
        nightly.check_landing(settings, run, silent)
    # 1211 ids stand on 2678 rows, each time with another partner and amount.
    assert "erp_invoices is refused: 2678 of 5166 rows are held back" in str(refused.value)
    assert "'200000018' the key stands twice with different content" in str(refused.value)


def test_nothing_good_is_lost_when_everything_bad_is_allowed(
    repaired: Path, tmp_path: Path
) -> None:
    settings = settings_for(
        tmp_path / "home", repaired, base_currency="USD", max_quarantine_share=1.0
    )
    for entity in nightly.planned_entities(settings):
        nightly.extract(settings, run_at(AS_OF), entity, silent)
    resolution = resolve(settings)
    orders, items = _csv("sales/SalesOrders", delim=";"), _csv("sales/SalesOrderItems", delim=";")
    orphans, followers, orphan_orders, good = _sql(
        f"""
        with counts as (select SALESORDERID, count(*) as n from {orders} group by 1)
        select count(*) filter (n is null), count(*) filter (n > 1),
            count(distinct i.SALESORDERID) filter (n is null),
            sum(cast(replace(NETAMOUNT, ',', '.')::decimal(14,4) * QUANTITY::int as decimal(18,2)))
                filter (n = 1)
        from {items} as i left join counts using (SALESORDERID)
        """
    )[0]
    assert orphan_orders == 1384
    invoices, lines = resolution.entities["erp_invoices"], resolution.entities["erp_invoice_lines"]
    assert (invoices.rows, invoices.rejected) == (5166, 2678)
    assert (lines.rows, lines.rejected, lines.followers) == (17818, orphans, followers)
    assert any("is not in erp_invoices" in example for example in lines.examples)
    kept = _sql(
        f"""
        select sum(net_amount)
        from '{settings.landing}/erp_invoice_lines/000001/part-00000.parquet' as landed
        where not exists (
            select 1 from '{resolution.folder}/rejected.parquet' as r
            where r.entity = 'erp_invoice_lines' and r._row = landed._row
        )
        """
    )
    assert kept == [(good,)]
