"""What the first version of the source contract landed."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import yaml

from keyaccounts.landing.loads import MANIFEST, all_loads
from keyaccounts.settings import Settings

OLD = Path(__file__).with_name("source_contract_1.yml")


def as_version_1(settings: Settings, entity: str) -> None:
    """Make the loads of an entity what the first version of the contract landed."""
    columns = ", ".join(
        [*yaml.safe_load(OLD.read_text("utf-8"))[entity], "updated_at", "is_deleted", "_row, _load"]
    )
    for load in all_loads(settings, entity):
        old = load.folder / "old.parquet"
        duckdb.sql(f"select {columns} from read_parquet('{load.rows_file}')").write_parquet(
            str(old)
        )
        old.replace(load.rows_file)
        said = json.loads((load.folder / MANIFEST).read_text("utf-8"))
        said |= {"contract_version": 1, "content_hash": "of version 1"}
        (load.folder / MANIFEST).write_text(json.dumps(said), "utf-8")
