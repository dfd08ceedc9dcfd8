"""The real command, as a person or a scheduler starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMAND = Path(sys.executable).with_name("keyaccounts")
ROOT = Path(__file__).parents[2]


def _environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("KEYACCOUNTS_")}
    return {**kept, "PYTHONPATH": str(ROOT / "include")}


def run(*arguments: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `keyaccounts` to its end."""
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=_environment(),
        cwd=folder,
        check=False,
        timeout=300,
    )


@contextmanager
def started(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Start `keyaccounts` and kill it at the end, if it still runs."""
    with subprocess.Popen(
        [COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=_environment(),
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], moment: str) -> str:
    """Read progress up to the first line that holds `moment`; '' when it never came."""
    assert process.stdout is not None
    return next((line for line in process.stdout if moment in line), "")
