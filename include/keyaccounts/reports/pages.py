"""Links from the report into Superset: to a page, and to an account with the account chosen."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from keyaccounts.alerts.links import web_address
from keyaccounts.bi.datasets import ACCOUNT_360, chosen_parts


@dataclass(frozen=True)
class Pages:
    """Where people open Superset; without an address there are no links."""

    base: str = ""

    def page(self, slug: str) -> str:
        """Return the address of a dashboard, or nothing."""
        return f"{self.base}/superset/dashboard/{slug}/" if self.base else ""

    def title(self, slug: str) -> str:
        """Return what Superset calls a dashboard, in the language of the dashboards."""
        return slug.replace("-", " ").capitalize()

    def account(self, name: str, account_id: str) -> str:
        """Return the address of Account 360 with the account chosen, or nothing.

        The filter stands in the address as Superset's own pages write it, in Rison.
        """
        if not self.base:
            return ""
        label = quote(f"{name} ({account_id})".replace("!", "!!").replace("'", "!'"), safe="")
        return f"{self.page(ACCOUNT_360)}?native_filters={label.join(chosen_parts())}"


NO_PAGES = Pages()


def pages_of(superset_url: str | None) -> Pages:
    """Return the links that the setting allows; what is no web address gives none."""
    return Pages(web_address(superset_url).rstrip("/"))
