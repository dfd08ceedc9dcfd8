#!/usr/bin/env bash
# Create .venv-bi, the environment of Superset: SETUP_LOCK LOCK... ; called by `make setup-bi`.
set -euo pipefail

cd "$(dirname "$0")/.."
python="${PYTHON:-python3}"

# Superset 6.1 runs on Python 3.11 and 3.12.
if ! "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))'; then
    echo "make setup-bi: $("$python" --version) does not fit, Superset needs 3.11 or 3.12: make setup-bi PYTHON=python3.12" >&2
    exit 2
fi

VENV=.venv-bi SIZE="about 700 MB" bash scripts/setup.sh "$@"
