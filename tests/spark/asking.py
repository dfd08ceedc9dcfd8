"""Run by a test in `.venv-spark`: PORT STATEMENT; prints what the Thrift server answers."""

from __future__ import annotations

import sys

from pyhive import hive

if __name__ == "__main__":
    cursor = hive.connect(host="127.0.0.1", port=int(sys.argv[1]), username="keyaccounts").cursor()
    cursor.execute(sys.argv[2])
    print(cursor.fetchall())
