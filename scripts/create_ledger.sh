#!/usr/bin/env bash
# Run by the Postgres image at its first start: ledger and dashboards have databases of their own.
set -euo pipefail
createdb --username "$POSTGRES_USER" ledger
createdb --username "$POSTGRES_USER" superset
