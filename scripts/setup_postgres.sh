#!/usr/bin/env bash
# See to the Postgres that the tests of ledger and sources start; called by `make test`.
set -euo pipefail

there() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

if there; then
    exit 0
fi
if [ -f /etc/debian_version ] && [ "$(id -u)" = 0 ]; then
    echo "No Postgres found: installing it for the tests"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get -qq update && apt-get -qq install -y --no-install-recommends postgresql; } >/dev/null 2>&1 || true
fi
if ! there; then
    echo "No Postgres found: the tests of a ledger and of sources in Postgres are skipped (Debian: apt-get install postgresql)"
fi
