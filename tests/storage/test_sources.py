"""A folder of files in object storage, as a source."""

from __future__ import annotations

from pathlib import Path

from pyarrow.fs import FileSystem

from keyaccounts import nightly
from keyaccounts.landing import latest_rows
from tests.conftest import run_at, settings_for, silent
from tests.sources.broken import rows, text

from .s3 import Bucket


def _put(bucket: Bucket, name: str, content: str) -> None:
    files, base = FileSystem.from_uri(bucket.url)
    with files.open_output_stream(f"{base}/{name}") as stream:
        stream.write(content.encode())


def test_a_bucket_that_fills_up_is_read_once(bucket: Bucket, tmp_path: Path) -> None:
    address, _, options = bucket.url.partition("?")
    (tmp_path / "sources.yml").write_text(
        f"systems:\n  office: {{kind: files, folder: '{address}/in?{options}'}}\nentities:\n"
        "  crm_accounts: {from: office}\n  erp_invoice_lines: {from: office}\n"
        "  erp_invoices: {from: office, file: 'inv_*.csv', load: incremental}\n",
        "utf-8",
    )
    settings = settings_for(tmp_path / "home", sources=str(tmp_path / "sources.yml"))
    _put(bucket, "in/inv_1.csv", text(rows()[:20]))
    _put(bucket, "in/crm_accounts.csv", "account_id,account_name\nA,Firm\n")
    landed = [
        nightly.extract(settings, run_at("2026-04-05"), name, silent)["rows"]
        for name in ("erp_invoices", "crm_accounts")
    ]
    assert landed == [20, 1]
    _put(bucket, "in/inv_2.csv", text(rows()[20:]))
    bucket.requests.clear()
    assert nightly.extract(settings, run_at("2026-04-06"), "erp_invoices", silent)["rows"] == 40
    assert not any(line.startswith("GET") and "inv_1" in line for line in bucket.requests)
    assert len(latest_rows(settings, "erp_invoices")) == 60
