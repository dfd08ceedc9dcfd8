#!/usr/bin/env bash
# The service `superset` of docker-compose.yml: bring the metadata up to date, then serve.
set -euo pipefail

python -m keyaccounts.bi.install
printf '%s\n' "$BI_ADMIN_PASSWORD" | python -m keyaccounts.bi.install --user admin --role admin
exec gunicorn --bind 0.0.0.0:8088 --workers 2 --worker-class gthread --threads 8 --timeout 120 \
    'superset.app:create_app()' # within the network of compose
