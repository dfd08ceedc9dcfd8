"""The rows of a folder of contract files, as the harness takes them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import duckdb

from keyaccounts.contract import load_contract
from tests.properties.harness import Inputs, Row

# Files carry no stamp; their accounts were known from the start.
LANDED = datetime.fromisoformat("2000-01-01")


def inputs_of(folder: Path, as_of_date: date) -> Inputs:
    """Read `<entity>.csv` and `<entity>.parquet`, typed by the contract."""
    rows: dict[str, list[Row]] = {}
    for name, entity in load_contract().items():
        for file in sorted(folder.glob(f"{name}.*")):
            types = {c.name: c.sql_type for c in entity.columns}
            con = duckdb.connect()
            reader = (
                "read_csv(?, all_varchar = true)" if file.suffix == ".csv" else "read_parquet(?)"
            )
            found = con.execute(f"select * from {reader}", [str(file)])
            columns = [c[0] for c in found.description if c[0] in types]
            casts = ", ".join(f"cast({c} as {types[c]}) as {c}" for c in columns)
            result = con.execute(f"select {casts} from {reader}", [str(file)])
            rows[name] = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
            con.close()
    for row in rows["crm_accounts"]:
        row.update(_load=1, landed_as_of=LANDED)
    return Inputs(rows, as_of_date)
