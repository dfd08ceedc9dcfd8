"""A company that lives in Postgres, in tables of its own shape, and changes every day.

Tables: crm.person, crm.customer, sales.item, sales.document, sales.position, sales.activity with
the log of its changes. `modified` is local time of Berlin in `sales`, an instant in `crm`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extras import execute_values

from tests.postgres import Server

ZONE = "Europe/Berlin"
SCHEMA = """
create schema crm;
create schema sales;
create table crm.person (id uuid primary key, name text not null, dept varchar(20), active bool);
create table crm.customer (
    id int primary key, name text, parent int, region char(2), credit_limit numeric(14, 2),
    owner uuid, removed bool not null default false, modified timestamptz not null
);
create table sales.item (sku text primary key, title text, family text, class text);
create table sales.document (
    id bigint primary key, customer int not null, kind text not null, day date not null,
    due date, total numeric(16, 2) not null, state text, modified timestamp not null
);
create table sales.position (
    document bigint not null, no int not null, sku text, quantity real, net numeric(20, 6) not null,
    cost numeric, modified timestamp not null, primary key (document, no)
);
create table sales.activity (id int primary key, customer int, at timestamptz, kind text);
create table sales.activity_log (
    seq bigserial, id int, customer int, at timestamptz, kind text, gone bool not null,
    changed timestamptz not null
);
create index on sales.document (modified);
create index on sales.position (modified);
"""
SOURCES = """
systems:
  shop: {kind: postgres, connection: shop, statement_timeout: 60}
entities:
  crm_users:
    from: shop
    sql: select id as user_id, name as user_name, dept as department from crm.person
  crm_accounts:
    from: shop
    load: incremental
    look_back: 6 hours
    sql: |
      select lpad(id::text, 5, '0') as account_id, name as account_name,
          lpad(parent::text, 5, '0') as parent_account_id, trim(region) as region,
          credit_limit as credit_limit_amount, owner as owner_user_id,
          removed as is_deleted, modified as updated_at
      from crm.customer
  erp_products:
    from: shop
    table: sales.item
    columns: {product_id: sku, product_name: title, product_family: family, product_category: class}
  erp_invoices:
    from: shop
    load: incremental
    look_back: 6 hours
    sql: |
      select d.*, d.id as invoice_id, lpad(d.customer::text, 5, '0') as account_id,
          case d.kind when 'R' then 'invoice' when 'G' then 'credit_note' else d.kind end
              as document_type,
          d.day as invoice_date, d.due as due_date, d.total as gross_amount, d.state as status,
          case d.state when 'void' then d.modified::date end as voided_on,
          d.modified at time zone 'Europe/Berlin' as updated_at
      from sales.document as d
  erp_invoice_lines:
    from: shop
    load: incremental
    look_back: 6 hours
    sql: |
      select document || '-' || no as invoice_line_id, document as invoice_id, sku as product_id,
          quantity, net as net_amount, cost as cogs_amount,
          modified at time zone 'Europe/Berlin' as updated_at
      from sales.position
  crm_activities:
    from: shop
    load: changes
    look_back: 6 hours
    sql: |
      select id as activity_id, lpad(customer::text, 5, '0') as account_id, at as activity_at,
          kind as channel, timestamptz '2026-01-01' as updated_at
      from sales.activity
    changes: |
      select id as activity_id, lpad(customer::text, 5, '0') as account_id, at as activity_at,
          kind as channel, gone as is_deleted, changed as updated_at
      from sales.activity_log
"""


@dataclass
class Company:
    """The company in one database; every change is made with what `day` it is."""

    server: Server
    database: str
    size: int
    seed: int = 1
    day: date = date(2026, 3, 1)
    random: random.Random = field(init=False)
    documents: int = 0

    def __post_init__(self) -> None:
        """Create the database and fill it."""
        self.random = random.Random(self.seed)
        self.execute(f"create database {self.database}", database="postgres")
        self.execute(SCHEMA)
        people = [(self._uuid(n), f"P {n}", "sales", True) for n in range(5)]
        self.insert("crm.person", people)
        customers = max(self.size // 20, 3)
        self.insert("crm.customer", [self._customer(n) for n in range(1, customers + 1)])
        self.insert("sales.item", [(f"S{n}", f"Item {n}", f"F{n % 3}", "C") for n in range(20)])
        self.add_documents(self.size)
        self.add_activities(self.size // 5)

    def execute(self, sql: str, *values: Any, database: str | None = None) -> list[Any]:
        """Run SQL in a transaction of its own and return its rows, if it has any."""
        con = psycopg2.connect(self.server.url(database or self.database))
        con.autocommit = True
        try:
            with con.cursor() as cursor:
                cursor.execute("set timezone = 'UTC'")
                cursor.execute(sql, values or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            con.close()

    def insert(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows."""
        with psycopg2.connect(self.server.url(self.database)) as con, con.cursor() as cursor:
            execute_values(cursor, f"insert into {table} values %s", rows)
        con.close()

    def sources(self, folder: Path, text: str = SOURCES) -> Path:
        """Write the mapping and return the file."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "sources.yml"
        file.write_text(text, "utf-8")
        return file

    def at(self, hour: int = 12, days: int = 0) -> datetime:
        """Return a local time of the day, or of one some days ago."""
        minute = self.random.randrange(60)
        moment = datetime(self.day.year, self.day.month, self.day.day, hour, minute)  # noqa: DTZ001
        return moment - timedelta(days=days)

    def add_documents(self, count: int) -> None:
        """Write documents of the last year with one to four positions each."""
        documents, positions = [], []
        for _ in range(count):
            self.documents += 1
            number, moment = 10_000 + self.documents, self.at()
            nets = [self._amount() for _ in range(self.random.randint(1, 4))]
            day = self.day - timedelta(days=self.random.randrange(365))
            customer = self.random.randint(1, max(self.size // 20, 3))
            documents.append(
                (
                    number,
                    customer,
                    "R",
                    day,
                    None,
                    sum(nets).quantize(Decimal("0.01")),
                    "posted",
                    moment,
                )
            )
            for no, net in enumerate(nets, 1):
                sku = f"S{self.random.randrange(20)}"
                quantity = self.random.randrange(1, 400) / 4
                positions.append((number, no, sku, quantity, net, net / 2, moment))
        if documents:
            self.insert("sales.document", documents)
            self.insert("sales.position", positions)

    def touch(self, number: int, change: str) -> None:
        """Change a document today."""
        sql = f"update sales.document set {change}, modified = %s where id = %s"
        self.execute(sql, self.at(), number)

    def add_activities(self, count: int) -> None:
        """Write activities, and that they came."""
        for _ in range(count):
            [(number,)] = self.execute("select coalesce(max(id), 0) + 1 from sales.activity_log")
            customer = self.random.randint(1, max(self.size // 20, 3))
            row = (number, customer, self.at(9), self.random.choice(["call", "visit"]))
            self.execute("insert into sales.activity values (%s, %s, %s, %s)", *row)
            self._log_activity("id = %s", number)

    def change_activities(self) -> None:
        """Change one activity, remove one, and let one come and go on the same day."""
        ids = [row[0] for row in self.execute("select id from sales.activity order by id")]
        changed, removed = self.random.sample(ids, 2)
        self.execute("update sales.activity set kind = 'mail' where id = %s", changed)
        self._log_activity("id = %s", changed)
        self._remove_activity(removed)
        self.add_activities(1)
        [(brief,)] = self.execute("select max(id) from sales.activity")
        self._remove_activity(brief)

    def _remove_activity(self, number: int) -> None:
        self.execute("delete from sales.activity where id = %s", number)
        self.execute(
            "insert into sales.activity_log (id, gone, changed) values (%s, true, %s)",
            number, self.at(20),
        )  # fmt: skip

    def _log_activity(self, where: str, *values: Any) -> None:
        self.execute(
            "insert into sales.activity_log (id, customer, at, kind, gone, changed) "
            f"select id, customer, at, kind, false, %s from sales.activity where {where}",
            self.at(14), *values,
        )  # fmt: skip

    def night(self) -> None:
        """Let a day pass: what is new, what changes, what is removed, what commits late."""
        self.day += timedelta(days=1)
        ids = [row[0] for row in self.execute("select id from sales.document order by id")]
        few = max(len(ids) // 100, 2)
        self.add_documents(few)
        for number in self.random.sample(ids, few):
            self.execute(
                "update sales.document set total = total + 1, modified = %s where id = %s",
                self.at(), number,
            )  # fmt: skip
            self.execute(
                "update sales.position set net = net + 1, modified = %s "
                "where document = %s and no = 1", self.at(), number,
            )  # fmt: skip
        for number in self.random.sample(ids, few):
            self.execute("delete from sales.position where document = %s", number)
            if self.random.random() < 0.5:
                self.execute("delete from sales.document where id = %s", number)
        # Committed long after its stamp: no look-back of six hours sees it.
        stamp = self.at(days=1)
        self.execute(
            "update sales.document set state = 'void', modified = %s where id = "
            "(select max(id) from sales.document where modified < %s)", stamp, stamp,
        )  # fmt: skip
        customer = self.random.randint(1, max(self.size // 20, 3))
        self.execute(
            "update crm.customer set removed = not removed, modified = %s where id = %s",
            self.at(), customer,
        )  # fmt: skip
        self.execute("update crm.person set dept = %s where name = 'P 1'", f"d{self.day.day}")
        self.change_activities()

    def _customer(self, number: int) -> tuple[Any, ...]:
        parent = self.random.randint(1, number - 1) if number > 2 and number % 3 == 0 else None
        owner = self._uuid(number % 5)
        limit = Decimal(number * 1000)
        return number, f"Customer {number}", parent, "DE", limit, owner, False, self.at(8)

    def _uuid(self, number: int) -> str:
        return f"00000000-0000-0000-0000-{number:012d}"

    def _amount(self) -> Decimal:
        return Decimal(self.random.randrange(100, 10_000_000)) / 100
