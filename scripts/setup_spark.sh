#!/usr/bin/env bash
# Create .venv-spark, the environment of the dbt target `spark`, and see to Java: SETUP_LOCK LOCK... ;
# called by `make setup-spark`.
set -euo pipefail

cd "$(dirname "$0")/.."
needed=17

java_of() { # the java that Spark will take: that of JAVA_HOME, else the one on PATH
    if [ -n "${JAVA_HOME:-}" ]; then
        echo "$JAVA_HOME/bin/java"
    else
        command -v java || true
    fi
}

major_of() { # 17 for "17.0.15", 8 for "1.8.0_402", 0 for what does not run
    local version
    version="$("$1" -version 2>&1 | sed -nE '1,3s/.*version "(1\.)?([0-9]+).*/\2/p' | head -n 1)" || true
    echo "${version:-0}"
}

advise() {
    echo "make setup-spark: $1" >&2
    echo "Spark needs Java $needed or newer. Install it (Debian, Ubuntu: apt-get install openjdk-17-jre-headless;" >&2
    echo "macOS: brew install openjdk@17) or set JAVA_HOME to the folder that holds its bin/java." >&2
    exit 2
}

java="$(java_of)"
if [ -z "$java" ] && [ -f /etc/debian_version ] && [ "$(id -u)" = 0 ]; then
    echo "No Java found: installing openjdk-17-jre-headless"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get -qq update && apt-get -qq install -y --no-install-recommends openjdk-17-jre-headless; } \
        >/dev/null || advise "apt-get could not install openjdk-17-jre-headless."
    java="$(java_of)"
fi
if [ -z "$java" ]; then
    advise "no Java found on PATH, and JAVA_HOME is not set."
elif [ ! -x "$java" ]; then
    advise "there is no $java (JAVA_HOME=$JAVA_HOME)."
elif [ "$(major_of "$java")" -lt "$needed" ]; then
    advise "$java is Java $(major_of "$java")."
fi
echo "Java $(major_of "$java"): $java"

VENV=.venv-spark SIZE="about 1.1 GB" bash scripts/setup.sh "$@"
