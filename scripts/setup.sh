#!/usr/bin/env bash
# Create .venv (or $VENV) from the hashed locks: SETUP_LOCK LOCK... ; called by `make setup`.
set -euo pipefail

cd "$(dirname "$0")/.."
python="${PYTHON:-python3}"
venv="${VENV:-.venv}"
size="${SIZE:-about 1.2 GB}"
setup_lock="$1"
shift

locks=()
for lock in "$@"; do
    locks+=(-r "$lock")
done

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "make setup: $("$python" --version) is too old, 3.11 or newer is needed: make PYTHON=python3.12" >&2
    exit 2
fi
if [ ! -x "$venv/bin/python" ]; then
    echo "Creating $venv with $("$python" --version)"
    "$python" -m venv "$venv"
fi

pip=("$venv/bin/python" -m pip --quiet --disable-pip-version-check install --require-hashes)
echo "Installing the locked packages ($size, once)"
if "${pip[@]}" -r "$setup_lock" &&
    "$venv/bin/uv" --quiet pip install --compile-bytecode --python "$venv/bin/python" --require-hashes "${locks[@]}"; then
    :
else
    echo "uv could not install; trying pip, which takes longer"
    "${pip[@]}" "${locks[@]}"
fi
"$venv/bin/python" -m pip --quiet --disable-pip-version-check install --no-deps --no-build-isolation -e .
"$venv/bin/keyaccounts" --version
