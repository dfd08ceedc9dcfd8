"""The command line: exit codes, what goes to which stream, and what the messages say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from tests.end_to_end.command import run
from tests.faults.small import DAY, append, edit, small_company

COMMANDS = (
    "nightly", "extract", "check-landing", "build", "check-marts", "publish", "notify",
    "status", "explain", "demo",
)  # fmt: skip


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    source = small_company(tmp_path / "source")
    return ["--home", str(tmp_path / "home"), "--source", str(source), "--as-of", DAY]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], str, str]:
    """A company published by `nightly --json --no-notify`: arguments, stdout, stderr.

    Five rows of 240 are broken and land in quarantine; payments are delivered without a row.
    """
    folder = tmp_path_factory.mktemp("cli")
    source = small_company(folder / "source")
    edit(source, "erp_invoices", {line: {3: "soon"} for line in range(2, 7)})
    append(
        source, "erp_invoices",
        "VOID,0001,invoice,2026-06-10,,,7777.00,void,",
        "CREDIT,0001,credit_note,2026-06-11,,,-10.00,posted,",
    )  # fmt: skip
    append(source, "erp_invoice_lines", "VOID-1,VOID,7777.00", "CREDIT-1,CREDIT,-10.00")
    (source / "erp_payments.csv").write_text("payment_id,account_id,received_date,amount\n")
    (source / "erp_payment_applications.csv").write_text(
        "application_id,application_type,invoice_id,applied_date,amount\n"
    )
    arguments = ["--home", str(folder / "home"), "--source", str(source), "--as-of", DAY]
    done = run("nightly", "--no-notify", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return arguments, done.stdout, done.stderr


def test_json_is_one_document_and_progress_goes_to_standard_error(
    published: tuple[list[str], str, str],
) -> None:
    _, out, err = published
    summary = json.loads(out)
    assert (summary["status"], summary["as_of_date"]) == ("done", DAY)
    assert "publish done in" in err
    landed = {entry["entity"]: entry for entry in summary["extract"]}
    assert (landed["erp_invoices"]["rows"], landed["erp_invoices"]["quarantined"]) == (237, 5)
    assert "erp_invoices.csv row 2, column invoice_date: 'soon' is not a date" in err


def test_each_entity_says_its_rows_bytes_and_rate(published: tuple[list[str], str, str]) -> None:
    arguments, out, err = published
    landed = {entry["entity"]: entry for entry in json.loads(out)["extract"]}["erp_invoices"]
    (file,) = (Path(arguments[1]) / "landing" / "erp_invoices").glob("*/part-00000.parquet")
    assert landed["bytes"] == file.stat().st_size
    found = re.search(r"erp_invoices: 237 rows, 5 held back; ([\d.,]+) MB, ([\d,]+) rows/s", err)
    assert found
    assert found[1] == f"{landed['bytes'] / 1e6:,.2f}"
    # All that was read, what is held back too; the log says the rate by more digits of the time.
    rate = int(found[2].replace(",", ""))
    assert 242 / (landed["seconds"] + 0.001) - 1 < rate < 242 / (landed["seconds"] - 0.001) + 1


def test_no_notify_writes_no_message(published: tuple[list[str], str, str]) -> None:
    arguments, out, _ = published
    assert json.loads(out)["notify"]["messages_written"] == 0
    outbox = Path(arguments[1]) / "outbox"
    assert not outbox.exists() or [f for f in outbox.rglob("*") if f.is_file()] == []


def test_delivered_but_empty_payments_mean_that_everything_is_open(
    published: tuple[list[str], str, str],
) -> None:
    arguments, _, _ = published
    file = Path(arguments[1]) / "published/current/parquet/receivables_aging.parquet"
    found = (
        duckdb.connect()
        .execute(
            "select sum(gross_open_amount), sum(unapplied_credit_amount), sum(open_items_count) "
            f"from '{file}' where as_of_date = '{DAY}'"
        )
        .fetchall()
    )
    # 24 months of 5500, less the five broken ones of July 2024; the void document never counts.
    assert [tuple(map(float, row)) for row in found] == [(24 * 5500 - 1500, 10, 235)]


@pytest.fixture(scope="module")
def stopped(
    published: tuple[list[str], str, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[str], bool]:
    """A night with an open item whose currency has no rate for the last days of the month.

    Gives the finished command and whether the publication stayed what it was.
    """
    folder = tmp_path_factory.mktemp("stopped")
    home, source = folder / "home", folder / "source"
    shutil.copytree(published[0][1], home, symlinks=True)
    shutil.copytree(published[0][3], source)
    append(source, "erp_invoices", "USD,0001,invoice,2026-06-01,,USD,9.00,posted,")
    append(source, "erp_invoice_lines", "USD-1,USD,9.00")
    (source / "erp_exchange_rates.csv").write_text(
        "currency_code,rate_date,rate_to_base\nUSD,2026-06-01,7.1\n"
    )
    before = (home / "published/current").resolve()
    done = run("nightly", "--home", home, "--source", source, "--as-of", DAY, "--json")
    return done, (home / "published/current").resolve() == before


def test_a_missing_closing_rate_stops_the_run_and_the_publication_stays(
    stopped: tuple[subprocess.CompletedProcess[str], bool],
) -> None:
    done, is_untouched = stopped
    assert done.returncode == 4, done.stderr
    assert "assert_every_open_item_has_a_closing_rate" in done.stderr
    assert is_untouched


def test_a_failed_build_still_gives_one_json_document(
    stopped: tuple[subprocess.CompletedProcess[str], bool],
) -> None:
    assert json.loads(stopped[0].stdout)["status"] == "failed"


def test_a_missing_closing_rate_is_named(
    stopped: tuple[subprocess.CompletedProcess[str], bool],
) -> None:
    last = stopped[0].stderr.splitlines()[-1]
    assert "USD" in last
    assert DAY in last


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    shown = run(command, "--help")
    assert shown.returncode == 0
    assert shown.stdout.startswith(f"usage: keyaccounts {command}")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--as-of", "31.10.2026"], "'31.10.2026' is not a date (YYYY-MM-DD)"),
        (["--source", "/nowhere"], "source /nowhere is not a folder"),
        (["--wall-time", "noon"], "--wall-time 'noon' is not an ISO time"),
        (["--base-currency", "Euro"], "base_currency 'Euro' is not three capital letters"),
        (["--timezone", "Mars/Base"], "timezone 'Mars/Base' is not known"),
        (["--max-quarantine-share", "5"], "max_quarantine_share must lie between 0 and 1"),
        (["--go-live", "soon"], "'soon' is not a date"),
        (["--unknown"], "unrecognized arguments: --unknown"),
    ],
)
def test_wrong_use_gives_2_and_says_what_is_wrong(
    arguments: list[str], wrong: list[str], said: str
) -> None:
    refused = run("nightly", *arguments, *wrong)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert said in refused.stderr


def test_no_source_gives_2(tmp_path: Path) -> None:
    refused = run("nightly", "--home", tmp_path / "home", folder=tmp_path)
    assert refused.returncode == 2
    assert "no source is set: give --source DIR (KEYACCOUNTS_SOURCE) or --sources" in refused.stderr


def test_a_refused_source_gives_3_and_one_json_document(arguments: list[str]) -> None:
    edit(Path(arguments[3]), "erp_invoices", {line: {3: "soon"} for line in range(2, 17)})
    refused = run("nightly", *arguments, "--json")
    assert refused.returncode == 3
    summary = json.loads(refused.stdout)
    assert (summary["status"], summary["exit_code"]) == ("failed", 3)
    assert "15 of 240 rows break the contract" in summary["error"]
    assert "15 of 240 rows break the contract" in refused.stderr


def test_a_source_without_a_required_file_gives_3(arguments: list[str]) -> None:
    (Path(arguments[3]) / "erp_invoices.csv").unlink()
    refused = run("nightly", *arguments)
    assert refused.returncode == 3
    assert "has no erp_invoices.csv or erp_invoices.parquet" in refused.stderr


def test_publishing_what_was_not_built_gives_4(arguments: list[str]) -> None:
    refused = run("publish", *arguments)
    assert refused.returncode == 4
    assert "run build and check-marts first" in refused.stderr


def test_an_entity_that_is_none_gives_2(arguments: list[str]) -> None:
    refused = run("extract", "--entity", "erp_unicorns", *arguments)
    assert refused.returncode == 2
    assert "erp_unicorns is no entity of the contract" in refused.stderr
