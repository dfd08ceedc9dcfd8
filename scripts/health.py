"""Health check of a container: ask the web server how a part of Airflow is; 0 is healthy."""

from __future__ import annotations

import json
import os
import sys
import urllib.request


def main() -> int:
    """Return 1 unless the part that is named as argument is healthy."""
    server = os.environ["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"].removesuffix("/execution/")
    with urllib.request.urlopen(f"{server}/api/v2/monitor/health", timeout=8) as answer:
        health = json.load(answer)
    return int((health.get(sys.argv[1]) or {}).get("status") != "healthy")


if __name__ == "__main__":
    sys.exit(main())
