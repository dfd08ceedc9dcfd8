"""Where `sources.yml` names a connection: those of Airflow, whatever backend keeps them."""

from __future__ import annotations

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException


def airflow_connection(name: str) -> str | None:
    """Return the address of an Airflow connection; None when there is none of that name."""
    from keyaccounts.sources.connect import address_of

    try:
        found = BaseHook.get_connection(name)
    except AirflowNotFoundException:
        return None
    return address_of(
        {
            "conn_type": found.conn_type,
            "host": found.host,
            "login": found.login,
            "password": found.password,
            "schema": found.schema,
            "port": found.port,
            "extra": found.extra_dejson,
        }
    )
