"""Configuration of Superset: this machine only, nothing from outside, one publication per request.

`make bi` sets the variables; a server of your own sets the same ones.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from keyaccounts.bi.publication import connection_mutator, prepare_app
from keyaccounts.settings import PROJECT_ROOT, load_settings

HERE = Path(__file__).resolve().parent
FOLDER = Path(os.environ.get("BI_FOLDER") or PROJECT_ROOT / ".bi").resolve()
SETTINGS = load_settings()
PUBLISHED = SETTINGS.published.absolute()


def _secret() -> str:
    """Return BI_SECRET_KEY, else what lies in the folder; made up at first use."""
    if given := os.environ.get("BI_SECRET_KEY"):
        return given
    file = FOLDER / "secret_key"
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text("utf-8")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(secrets.token_urlsafe(48))
    return file.read_text("utf-8")


SECRET_KEY = _secret()
SQLALCHEMY_DATABASE_URI = (
    os.environ.get("BI_METADATA_URL") or f"sqlite:///{FOLDER}/superset.db?timeout=60"
)
SQLALCHEMY_ENGINE_OPTIONS: dict[str, Any] = {"pool_pre_ping": True}

# The publication. See keyaccounts/bi/publication.py.
DB_CONNECTION_MUTATOR = connection_mutator(PUBLISHED)
FLASK_APP_MUTATOR = prepare_app(PUBLISHED, HERE / "templates")
DATA_CACHE_CONFIG = {
    "CACHE_TYPE": "keyaccounts.bi.publication.VersionedCache",
    "CACHE_DIR": str(FOLDER / "cache"),
    "CACHE_DEFAULT_TIMEOUT": 24 * 3600,
    "CACHE_THRESHOLD": 5000,
}

# Rights.
AUTH_USER_REGISTRATION = False
PUBLIC_ROLE_LIKE = None
WTF_CSRF_ENABLED = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = ENABLE_PROXY_FIX = os.environ.get("BI_HTTPS", "") == "true"
RATELIMIT_ENABLED = True
RATELIMIT_APPLICATION = "200 per second"
FEATURE_FLAGS = {
    "DASHBOARD_RBAC": True,  # who sees which dashboard
    "ENABLE_TEMPLATE_PROCESSING": True,  # the user's name in row-level security
    "ALERT_REPORTS": False,
    "ALLOW_ADHOC_SUBQUERY": False,
    "EMBEDDED_SUPERSET": False,
    "DRILL_TO_DETAIL": True,
}
JINJA_CONTEXT_ADDONS: dict[str, Any] = {}

# Nothing from outside: no telemetry, no maps, no fonts, no downloads.
os.environ["SCARF_ANALYTICS"] = "false"
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "frame-ancestors": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": SESSION_COOKIE_SECURE,
}

APP_NAME = "Keyaccounts"
CURRENCIES = sorted({"CNY", "EUR", "USD", "GBP", "JPY", SETTINGS.base_currency})
ROW_LIMIT = 10000
SQL_MAX_ROW = 100000
SUPERSET_WEBSERVER_TIMEOUT = 60
