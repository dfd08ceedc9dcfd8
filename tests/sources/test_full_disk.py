"""A disk that is full: nothing half lands, the message says so; with room the next run lands."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from keyaccounts.cli import main
from tests.sources.company import SOURCES, Company

ROWS = 60_000
MANY = f"""\
      select g::text as product_id, md5(g::text) || md5((-g)::text) as product_name,
        'f' as product_family
      from generate_series(1, {ROWS}) as g
"""
HEAVY = SOURCES.replace(
    "table: sales.item\n    columns: {product_id: sku, product_name: title, "
    "product_family: family, product_category: class}\n",
    f"sql: |\n{MANY}",
)
FILES = """
systems:
  shop: {kind: files, folder: source}
entities:
  crm_accounts: {from: shop}
  erp_invoices: {from: shop}
  erp_invoice_lines: {from: shop}
  erp_products: {from: shop}
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home on a disk of its own that has two megabytes."""
    folder = tmp_path / "home"
    folder.mkdir()
    if shutil.which("mount") is None or _mount(folder, "size=2m").returncode != 0:
        pytest.skip("a disk of its own needs the right to mount one")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mount(folder: Path, options: str) -> subprocess.CompletedProcess[bytes]:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False)


def _database(folder: Path, company_of: Callable[..., Company]) -> Path:
    company_of()
    file = folder / "sources.yml"
    file.write_text(HEAVY, "utf-8")
    return file


def _files(folder: Path, _company_of: Callable[..., Company]) -> Path:
    source = folder / "source"
    source.mkdir()
    lines = [f"{n},{sha256(str(n).encode()).hexdigest()},f" for n in range(ROWS)]
    text = "\n".join(["product_id,product_name,product_family", *lines])
    (source / "erp_products.csv").write_text(text + "\n", "utf-8")
    file = folder / "sources.yml"
    file.write_text(FILES, "utf-8")
    return file


def test_the_full_disk_of_a_server_is_not_taken_for_ours(
    tmp_path: Path, company_of: Callable[..., Company], capsys: pytest.CaptureFixture[str]
) -> None:
    company = company_of()
    company.execute(
        "create function full_there() returns text language plpgsql as "
        "$$ begin raise exception 'could not write to file: No space left on device'; end $$"
    )
    sources = tmp_path / "sources.yml"
    sources.write_text(HEAVY.replace("'f' as", "full_there() as"), "utf-8")
    code = main(["extract", "--home", str(tmp_path / "home"), "--sources", str(sources),
                 "--as-of", "2026-06-30", "--entity", "erp_products"])  # fmt: skip
    said = capsys.readouterr().err
    assert code != 0
    assert "erp_products in shop" in said
    assert "could not write to file: No space left on device" in said
    assert "the disk of" not in said


@pytest.mark.parametrize("source", [_database, _files])
def test_a_full_disk_leaves_no_half_load(
    home: Path, tmp_path: Path, company_of: Callable[..., Company],
    capsys: pytest.CaptureFixture[str],
    source: Callable[[Path, Callable[..., Company]], Path],
) -> None:  # fmt: skip
    sources = source(tmp_path, company_of)
    command = ["extract", "--home", str(home), "--sources", str(sources), "--as-of", "2026-06-30",
               "--entity", "erp_products"]  # fmt: skip
    assert main(command) == 5
    said = capsys.readouterr().err
    assert "extract erp_products: No space left on device: the disk of" in said
    assert "make room, then run again" in said
    assert "Traceback" not in said
    assert [path.name for path in (home / "landing").rglob("*") if path.is_file()] == []
    subprocess.run(["mount", "-o", "remount,size=200m", str(home)], check=True)
    assert main(command) == 0
    (load,) = (home / "landing" / "erp_products").glob("*/manifest.json")
    assert f'"rows": {ROWS}' in load.read_text("utf-8")
