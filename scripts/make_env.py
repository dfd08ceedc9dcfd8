"""`make env`: write .env from .env.example with fresh secrets; an existing .env is kept."""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECRET_ENDINGS = ("_PASSWORD=", "_SECRET=", "_SECRET_KEY=")


def main() -> int:
    """Return 0 when .env is there."""
    target = ROOT / ".env"
    if target.exists():
        print(".env is there already and stays as it is")
        return 0
    lines = [_filled(line) for line in (ROOT / ".env.example").read_text("utf-8").splitlines()]
    target.touch(mode=0o600)
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("wrote .env with fresh secrets; set SOURCE_FOLDER and the business settings in it")
    return 0


def _filled(line: str) -> str:
    if line == "AIRFLOW_FERNET_KEY=":
        return line + base64.urlsafe_b64encode(os.urandom(32)).decode()
    return line + secrets.token_hex(24) if line.endswith(SECRET_ENDINGS) else line


if __name__ == "__main__":
    sys.exit(main())
