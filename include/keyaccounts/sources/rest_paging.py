"""How the pages of an answer follow each other: dlt's paginators, as `sources.yml` names them."""

from __future__ import annotations

from typing import Any

from dlt.sources.helpers.rest_client.paginators import (
    BasePaginator,
    HeaderLinkPaginator,
    JSONLinkPaginator,
    JSONResponseCursorPaginator,
    OffsetPaginator,
    PageNumberPaginator,
    SinglePagePaginator,
)
from requests import Request as HttpRequest

from keyaccounts.sources.paths import filled
from keyaccounts.sources.rest_spec import Paging


def paginator_of(paging: Paging, params: Any, body: Any) -> BasePaginator:
    """Return the paginator; `params` and `body` may still hold {offset}, {page} and {size}."""
    if paging.type == "none":
        return SinglePagePaginator()
    if paging.type == "link":
        return HeaderLinkPaginator(links_next_key=paging.next or "next")
    if paging.type == "next_url":
        return JSONLinkPaginator(next_url_path=paging.next)
    if paging.type == "cursor":
        return JSONResponseCursorPaginator(
            cursor_path=paging.next,
            has_more_path=paging.more,
            cursor_param=None if paging.in_body else paging.param,
            cursor_body_path=paging.param if paging.in_body else None,
        )
    if paging.param is None:
        return Placed(paging, params, body)
    if paging.type == "page":
        return PageNumberPaginator(
            base_page=paging.first,
            total_path=paging.pages,
            has_more_path=paging.more,
            page_param=None if paging.in_body else paging.param,
            page_body_path=paging.param if paging.in_body else None,
        )
    assert paging.size is not None
    size_param = paging.size_param or "limit"
    return OffsetPaginator(
        limit=paging.size,
        offset=paging.first,
        total_path=None,
        has_more_path=paging.more,
        offset_param=None if paging.in_body else paging.param,
        offset_body_path=paging.param if paging.in_body else None,
        limit_param=None if paging.in_body else size_param,
        limit_body_path=size_param if paging.in_body else None,
    )


class Placed(OffsetPaginator):
    """The position stands within a text of the request, as in `startposition {offset}`."""

    def __init__(self, paging: Paging, params: Any, body: Any) -> None:
        """Keep the texts that hold the placeholders."""
        step = 1 if paging.type == "page" else paging.size or 1
        super().__init__(
            limit=step, offset=paging.first, total_path=None, has_more_path=paging.more
        )
        self._size = paging.size
        self._texts = (params, body)

    def init_request(self, request: HttpRequest) -> None:
        """Fill in the first position."""
        self._has_next_page = True
        self.current_value = self.initial_value
        self.update_request(request)

    def update_request(self, request: HttpRequest) -> None:
        """Fill in the position."""
        values = {
            "offset": self.current_value,
            "page": self.current_value,
            "size": self._size,
        }
        params, body = (filled(text, values) for text in self._texts)
        request.params = params
        if body is not None:
            request.json = body
