#!/usr/bin/env bash
# See to the browser in which the tests look at the pages; called by `make test`.
set -euo pipefail

there() { command -v chromium >/dev/null || command -v chromium-browser >/dev/null; }

if there; then
    exit 0
fi
if [ -f /etc/debian_version ] && [ "$(id -u)" = 0 ]; then
    echo "No Chromium found: installing it for the tests"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium fonts-dejavu-core; } >/dev/null 2>&1 || true
fi
if ! there; then
    echo "No Chromium found: the tests of the pages are skipped (Debian: apt-get install chromium)"
fi
