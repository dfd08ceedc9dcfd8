"""Bring Superset's metadata up to date: schema, bundle, roles, users. Safe to run again.

    python -m keyaccounts.bi.install                     # what `make bi` runs first
    python -m keyaccounts.bi.install --user U0013 --role account_manager < password
    python -m keyaccounts.bi.install --users users.csv   # user,role,password; - is standard input

It runs in the environment of Superset, with SUPERSET_CONFIG_PATH naming `superset_config.py`.
"""

from __future__ import annotations

import argparse
import csv
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from keyaccounts.bi.bundle import bundle
from keyaccounts.bi.definition import dashboards, datasets, roles
from keyaccounts.errors import ConfigurationError
from keyaccounts.publishing.publish import read_manifest
from keyaccounts.settings import load_settings

ADMIN = "admin"


class User(NamedTuple):
    """One user to make; the fields are the columns of the file of users."""

    user: str
    role: str
    password: str


def main() -> int:
    """Install everything, or users; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--user", help="make this user; the password comes on standard input")
    one.add_argument("--users", help="make the users of this CSV: user,role,password")
    parser.add_argument("--role", choices=[ADMIN, *roles()], default="bi_user")
    options = parser.parse_args()
    try:
        users = _told_users(options)
    except (ConfigurationError, OSError, UnicodeDecodeError) as error:
        print(f"keyaccounts.bi.install: {error}", file=sys.stderr)
        return ConfigurationError.exit_code
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        for each in users:
            add_user(*each)
        if not users:
            install(app)
    return 0


def _told_users(options: argparse.Namespace) -> list[User]:
    if options.user:
        word = sys.stdin.readline().strip()
        if not word:
            raise ConfigurationError("no password came on standard input")
        return [User(options.user, options.role, word)]
    if not options.users:
        return []
    if options.users == "-":
        return read_users(sys.stdin)
    with Path(options.users).open(encoding="utf-8-sig", newline="") as file:
        return read_users(file)


def read_users(lines: Iterable[str]) -> list[User]:
    """Return the users of a CSV with the columns user, role, password.

    Raises ConfigurationError that names the line when it is wrong.
    """
    reader = csv.DictReader(lines)
    columns, known = list(User._fields), [ADMIN, *roles()]
    if sorted(reader.fieldnames or []) != sorted(columns):
        raise ConfigurationError(f"the first line must be {','.join(columns)}")
    found: dict[str, User] = {}
    for row in reader:
        each = User(*((row[column] or "").strip() for column in columns))
        if wrong := (
            ("no user" if not each.user else "")
            or (f"{each.user} stands twice" if each.user in found else "")
            or ("" if each.role in known else f"role {each.role!r} is none of {', '.join(known)}")
            or ("no password" if not each.password else "")
            or ("more than three values: quote what holds a comma" if None in row else "")
        ):
            raise ConfigurationError(f"line {reader.line_num}: {wrong}")
        found[each.user] = each
    if not found:
        raise ConfigurationError("no user stands in the file")
    return list(found.values())


def install(app: Any) -> None:
    """Upgrade the metadata, import the bundle, give the rights."""
    from flask_migrate import upgrade
    from superset.extensions import appbuilder, security_manager

    import superset
    from keyaccounts.bi.access import give_rights

    migrations = Path(superset.__file__).parent / "migrations"
    upgrade(directory=str(migrations))
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    settings = load_settings()
    current = settings.published / "current"
    import_bundle(bundle(settings.published.absolute(), read_manifest(current)["base_currency"]))
    give_rights(roles(), datasets(), dashboards())


def import_bundle(files: dict[str, str]) -> None:
    """Import the bundle over what is there; a chart or dashboard that it has no more goes."""
    from flask import g
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.extensions import security_manager

    g.user = _importer(security_manager)
    ImportAssetsCommand(files).run()
    _remove_others([yaml.safe_load(text).get("uuid") for text in files.values()])


def _remove_others(imported: list[str]) -> None:
    """Remove what an earlier bundle brought and this one does not."""
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    for model in (Dashboard, Slice, SqlaTable):
        for each in db.session.query(model).filter_by(is_managed_externally=True):
            if str(each.uuid) not in imported:
                db.session.delete(each)
    db.session.commit()


def add_user(name: str, role: str, password: str) -> None:
    """Make a user with one role, or give it that role and password."""
    from superset.extensions import db, security_manager

    title = "Admin" if role == ADMIN else roles()[role].title
    found = security_manager.find_role(title)
    user = security_manager.find_user(name)
    if user is None:
        email = f"{name.lower()}@localhost"
        user = security_manager.add_user(name, name, "", email, found, password=password)
    else:
        user.roles = [found]
        security_manager.reset_password(user.id, password)
    db.session.commit()


def _importer(security_manager: Any) -> Any:
    """Return the user who owns what is imported; it cannot sign in until it is given a password."""
    user = security_manager.find_user(ADMIN)
    if user is None:
        role, word = security_manager.find_role("Admin"), secrets.token_urlsafe(32)
        user = security_manager.add_user(ADMIN, "Admin", "", "admin@localhost", role, password=word)
    return user


if __name__ == "__main__":
    sys.exit(main())
