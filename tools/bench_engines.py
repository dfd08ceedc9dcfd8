"""CPU seconds, wall time and peak memory of the step `build` on DuckDB and on Spark.

`make bench` runs it over made-up companies of LINES invoice lines (default 1 million; several with
a blank between). The companies and their landings stay in `.bench`, so that a second run measures
at once. CPU and memory are those of the step's processes, the JVM included.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-m", "keyaccounts.cli"]
DAY = "2026-10-31"
LINES_PER_ACCOUNT = 200


@dataclass(frozen=True)
class Cost:
    """What one process and its children took: seconds and GiB."""

    cpu: float
    wall: float
    memory: float


def measured(arguments: list[str]) -> Cost:
    """Run one command of keyaccounts; raises CalledProcessError with its output."""
    started = time.monotonic()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "include")},
        text=True,
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise subprocess.CalledProcessError(status, arguments, said[-2000:])
    return Cost(
        usage.ru_utime + usage.ru_stime, time.monotonic() - started, usage.ru_maxrss / 1024**2
    )


def company(folder: Path, lines: int) -> Path:
    """Return the home of a company of so many lines, landed and checked."""
    home = folder / "home"
    if (home / "warehouse" / "resolved").is_dir():
        return home
    accounts = str(max(60, lines // LINES_PER_ACCOUNT))
    measured(["demo", "generate", "--out", str(folder / "source"), "--end", DAY,
              "--accounts", accounts, "--lines", str(lines)])  # fmt: skip
    there = ["--home", str(home), "--source", str(folder / "source"), "--as-of", DAY]
    for step in ("extract", "check-landing"):
        measured([step, *there])
    return home


def main() -> int:
    """Measure and print a table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", type=int, nargs="+")
    parser.add_argument("--engines", nargs="+", default=["duckdb", "spark"])
    parser.add_argument("--folder", type=Path, default=ROOT / ".bench")
    parser.add_argument("--memory-limit", default="4GB")
    arguments = parser.parse_args()
    print(f"{'lines':>11}  {'engine':<8}{'CPU s':>9}{'wall s':>9}{'peak GiB':>10}{'CPU ratio':>11}")
    for lines in arguments.lines:
        home = company(arguments.folder / str(lines), lines)
        first: float | None = None
        for engine in arguments.engines:
            cost = measured(["build", "--home", str(home), "--as-of", DAY, "--engine", engine,
                             "--memory-limit", arguments.memory_limit])  # fmt: skip
            first = first or cost.cpu
            print(
                f"{lines:>11,}  {engine:<8}{cost.cpu:>9.1f}{cost.wall:>9.1f}{cost.memory:>10.2f}"
                f"{cost.cpu / first:>11.2f}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
