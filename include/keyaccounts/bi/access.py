"""Rights in Superset: a role has exactly what is written here, nothing that was given before."""

from __future__ import annotations

from typing import Any

from keyaccounts.bi.datasets import group_of
from keyaccounts.bi.definition import Dashboard, Dataset, Role, stable_id

OWN_ROWS = "Keyaccounts: own accounts only"
OWN_ROWS_CLAUSE = "account_owner_user_id = '{{ current_username() | replace(\"'\", \"''\") }}'"
"""An account manager's user name is the owner_user_id of the CRM."""

# To open dashboards, filter them, look at figures and take them along; nothing that writes but
# what a page remembers of its own filters, and one's own password.
VIEWER = (
    ("can_read", "Dashboard"),
    ("can_read", "Chart"),
    ("can_read", "Dataset"),
    ("can_read", "Theme"),
    ("can_read", "CurrentUserRestApi"),
    ("can_read", "DashboardFilterStateRestApi"),
    ("can_write", "DashboardFilterStateRestApi"),
    ("can_read", "DashboardPermalinkRestApi"),
    ("can_write", "DashboardPermalinkRestApi"),
    ("can_read", "SecurityRestApi"),  # the token that guards against forged requests
    ("can_get", "MenuApi"),
    ("can_get_drill_info", "Dataset"),
    ("can_time_range", "Api"),
    ("can_dashboard", "Superset"),
    ("can_dashboard_permalink", "Superset"),
    ("can_share_dashboard", "Superset"),
    ("can_csv", "Superset"),
    ("can_log", "Superset"),
    ("can_language_pack", "Superset"),
    ("can_fetch_datasource_metadata", "Superset"),
    ("can_recent_activity", "Log"),
    ("can_drill", "Dashboard"),
    ("can_view_chart_as_table", "Dashboard"),
    ("can_userinfo", "UserDBModelView"),
    ("resetmypassword", "UserDBModelView"),
    ("can_this_form_get", "ResetMyPasswordView"),
    ("can_this_form_post", "ResetMyPasswordView"),
    ("menu_access", "Home"),
    ("menu_access", "Dashboards"),
)


def give_rights(
    roles: dict[str, Role], datasets: dict[str, Dataset], dashboards: list[Dashboard]
) -> None:
    """Make the roles, the row-level security and who sees which dashboard."""
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db
    from superset.models.dashboard import Dashboard as SupersetDashboard

    tables = {
        name: db.session.query(SqlaTable).filter_by(uuid=stable_id("dataset", name)).one()
        for name in datasets
    }
    made = {
        role.name: _role(role, [tables[name] for name in readable(role, datasets)])
        for role in roles.values()
    }
    own = [role for role in roles.values() if role.own_rows]
    _own_rows(
        [tables[name] for name in sorted({n for role in own for n in readable(role, datasets)})],
        [made[role.name] for role in own],
    )
    for dashboard in dashboards:
        identifier = stable_id("dashboard", dashboard.name)
        there = db.session.query(SupersetDashboard).filter_by(uuid=identifier).one()
        there.roles = [made[name] for name in dashboard.roles]
    db.session.commit()


def readable(role: Role, datasets: dict[str, Dataset]) -> list[str]:
    """Return the datasets that a role may read; of an account manager those of accounts."""
    return [
        name
        for name, dataset in datasets.items()
        if group_of(dataset) in role.databases and (dataset.account_key or not role.own_rows)
    ]


def _role(role: Role, tables: list[Any]) -> Any:
    from superset.extensions import security_manager

    found = security_manager.add_role(role.title)
    wanted = [*VIEWER, *(("datasource_access", table.perm) for table in tables)]
    found.permissions = [security_manager.add_permission_view_menu(*each) for each in wanted]
    return found


def _own_rows(tables: list[Any], roles: list[Any]) -> None:
    from superset.connectors.sqla.models import RowLevelSecurityFilter
    from superset.extensions import db

    rule = db.session.query(RowLevelSecurityFilter).filter_by(name=OWN_ROWS).one_or_none()
    if rule is None:
        rule = RowLevelSecurityFilter(name=OWN_ROWS)
        db.session.add(rule)
    rule.filter_type = "Regular"
    rule.clause = OWN_ROWS_CLAUSE
    rule.description = "The user name of an account manager is the owner_user_id of the accounts."
    rule.tables = tables
    rule.roles = roles
