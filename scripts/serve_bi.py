"""`make bi` and `make bi-down`: Superset with the dashboards of the repository, on 127.0.0.1.

It reads what `make demo` published, or the home that KEYACCOUNTS_HOME names. Run it again after
the definitions or the contract changed; a new publication needs nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from local_airflow import free_port
from local_superset import BIN, ROOT, LocalSuperset, LocalSupersetError

DEMO_USERS = {"bi": "bi_user", "lead": "sales_lead", "U0013": "account_manager",
              "finance": "finance_control", "engineer": "data_engineering"}  # fmt: skip
"""Users of the demo, one for each role; all of them have the password of `admin`."""


def main() -> int:
    """Start or stop; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("up", "down"))
    parser.add_argument("--port", type=int, default=8088)
    options = parser.parse_args()
    own = os.environ.get("KEYACCOUNTS_HOME")
    home = Path(own).resolve() if own else ROOT / ".demo" / "home"
    folder = Path(os.environ.get("BI_FOLDER") or ROOT / ".bi").resolve()
    superset = LocalSuperset(folder, home, options.port)
    if not (BIN / "superset").is_file():
        print("make bi: Superset is not set up: make setup-bi", file=sys.stderr)
        return 2
    try:
        return up(superset, {} if own else DEMO_USERS) if options.action == "up" else down(superset)
    except LocalSupersetError as error:
        print(f"make bi: {error}", file=sys.stderr)
        return 1


def up(superset: LocalSuperset, users: dict[str, str]) -> int:
    """Install, start, and say where it is."""
    if superset.is_running():
        superset.stop()
    if free_port(superset.port) != superset.port:
        raise LocalSupersetError(f"port {superset.port} is taken: make bi PORT=...")
    print("Setting up Superset: schema, datasets, charts, dashboards, roles", flush=True)
    is_new = not (superset.folder / "admin.password").is_file()
    superset.install()
    password = superset.password("admin")
    superset.add_users({"admin": "admin"} | (users if is_new else {}), password)
    superset.start()
    print(f"{superset.url}  user admin  password {password}")
    if users:
        print(f"Other users of the demo, same password: {', '.join(users)}")
    print("Stop with: make bi-down")
    return 0


def down(superset: LocalSuperset) -> int:
    """Stop what `up` started."""
    if superset.is_running():
        superset.stop()
        print("stopped Superset")
    return 0


if __name__ == "__main__":
    sys.exit(main())
