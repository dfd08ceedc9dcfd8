#!/usr/bin/env bash
# Run by the Postgres image at its first start: the alert ledger has a database of its own.
set -euo pipefail
createdb --username "$POSTGRES_USER" ledger
